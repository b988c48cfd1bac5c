/** The containers that run now, and how each of them was set up. */
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { type Asks, probe, run } from '../../src/engine/probe.ts';
import { runningIds } from '../../src/plan/interruption.ts';
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
