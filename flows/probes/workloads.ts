/** The containers that run now, and how each of them was set up. */
import type { Ran } from '../../src/box/box.ts';
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { type Asks, probe, run } from '../../src/engine/probe.ts';
import { runningIds } from '../../src/plan/interruption.ts';
import { json, record, string } from './answers.ts';
import { CONTAINER_TEMPLATE, type ContainerRecord, containersIn } from './container-record.ts';

export const running = probe({
  id: 'running',
  looks: 'the running containers',
  needs: () => ({ ps: run('docker', 'ps', '--format', '{{json .}}') }),
  read: (a): Maybe<readonly string[]> =>
    a.ps.kind === 'exited' && a.ps.code === 0
      ? runningIds(a.ps)
      : unknown(a.ps.kind === 'exited' ? 'unreadable' : a.ps.kind, 'docker ps'),
});

/** A container that does not run, and what the engine said when it could not start it; empty where it could. */
export interface NotStarted {
  readonly name: string;
  readonly error: string;
}
/** The newest of them; a machine may keep hundreds. */
const MOST_STOPPED = 20;

/** Every container there is, one JSON object a line. */
export const EVERY_CONTAINER = ['docker', 'ps', '-a', '--no-trunc', '--format', '{{json .}}'] as const;

export const stopped = probe({
  id: 'stopped',
  looks: 'the containers that do not run',
  needs: () => ({ ps: run(...EVERY_CONTAINER) }),
  read: (a): Maybe<readonly string[]> => {
    if (a.ps.kind !== 'exited' || a.ps.code !== 0)
      return unknown(a.ps.kind === 'exited' ? 'unreadable' : a.ps.kind, 'docker ps -a');
    const rows = a.ps.stdout.split('\n').flatMap(line => {
      const row = json(line, 'docker ps -a');
      return isUnknown(row) ? [] : [record(row)];
    });
    return rows
      .filter(r => r.State === 'created' || r.State === 'exited')
      .flatMap(r => string(r.Names) ?? [])
      .slice(0, MOST_STOPPED);
  },
});

const ERROR_TEMPLATE = '{"name":{{json .Name}},"error":{{json .State.Error}}}';

export const notStarted = probe({
  id: 'notStarted',
  looks: 'what the engine said of containers that it could not start',
  after: ['stopped'],
  needs: ({ stopped: names }: { readonly stopped: Maybe<readonly string[]> }): Asks =>
    isUnknown(names) || names.length === 0
      ? {}
      : { records: run('docker', 'container', 'inspect', '--format', ERROR_TEMPLATE, ...names) },
  read: (a, { stopped: names }): Maybe<readonly NotStarted[]> => {
    if (isUnknown(names)) return names;
    const ran = (a as { readonly records?: Ran }).records;
    if (ran === undefined) return [];
    if (ran.kind !== 'exited') return unknown(ran.kind, 'docker container inspect');
    return ran.stdout.split('\n').flatMap(line => {
      const row = json(line, 'docker container inspect');
      if (isUnknown(row)) return [];
      const { name, error } = record(row);
      return [{ name: (string(name) ?? '').replace(/^\//, ''), error: string(error) ?? '' }];
    });
  },
});

type Known = { readonly running: Maybe<readonly string[]> };

export const workloads = probe({
  id: 'workloads',
  looks: 'how the running containers were set up',
  after: ['running'],
  needs: ({ running: ids }: Known): Asks =>
    isUnknown(ids) || ids.length === 0
      ? {}
      : { records: run('docker', 'container', 'inspect', '--format', CONTAINER_TEMPLATE, ...ids) },
  read: (a, { running: ids }: Known): Maybe<readonly ContainerRecord[]> => {
    if (isUnknown(ids)) return ids;
    if (!('records' in a)) return [];
    return containersIn(a.records as never, 'docker container inspect') ?? [];
  },
});
