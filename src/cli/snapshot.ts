/** `gpumedic snapshot`: a redacted recording of this box, or a redacted copy of one, after a look at what is shared. */
import { hostname, userInfo } from 'node:os';
import { probes } from '../../flows/probes/index.ts';
import { collector } from '../engine/collect.ts';
import { count } from '../report/words.ts';
import { readSnapshot } from '../snapshot/read.ts';
import { recordSnapshot } from '../snapshot/record.ts';
import { redactSnapshot } from '../snapshot/redact.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { writeSnapshot } from '../snapshot/write.ts';
import { type Redactor, redactor } from '../transcript/redact.ts';
import { type Shared, takeOutOf } from '../transcript/review.ts';
import { ask } from './ask.ts';
import { openBox } from './box.ts';
import { type Context, given, has, jsonText } from './context.ts';
import { review } from './review.ts';

/** "gpumedic-2026-11-22.json.gz", in UTC. */
const defaultName = (now: number): string => `gpumedic-${new Date(now).toISOString().slice(0, 10)}.json.gz`;

const record = async (context: Context): Promise<Snapshot> => {
  const file = given(context, 'box');
  if (file !== undefined) return readSnapshot(file);
  const box = await openBox(context);
  const more = async (recorded: typeof box): Promise<unknown> => collector(recorded, probes).facts();
  return recordSnapshot(box, [], more, { signal: context.signal });
};

/** Of the environment, what the probes ask about; the rest of it is nobody's business. */
const ENVIRON = '/proc/self/environ';
const withoutEnvironment = (snapshot: Snapshot): Snapshot => {
  const text = snapshot.files[ENVIRON];
  if (text === undefined || text === null) return snapshot;
  const kept = text
    .split('\0')
    .filter(entry => /^(?:DOCKER_|CONTAINER_HOST=|NVIDIA_|XDG_RUNTIME_DIR=|WSL_DISTRO_NAME=)/.test(entry));
  return { ...snapshot, files: { ...snapshot.files, [ENVIRON]: kept.map(entry => `${entry}\0`).join('') } };
};

/** Names that this program knows beforehand; a recording of another machine brings its own. */
const knownHere = (context: Context) => {
  if (given(context, 'box') !== undefined || given(context, 'demo') !== undefined) return {};
  const { username, homedir } = userInfo();
  return {
    hostname: hostname(),
    users: [username, context.env.SUDO_USER ?? ''].filter(name => name !== ''),
    home: homedir,
  };
};

const shared = (snapshot: Snapshot, path: string, hide: Redactor): Shared => {
  const files = Object.keys(snapshot.files).filter(name => snapshot.files[name] !== null);
  const programs = [...new Set(snapshot.commands.map(command => command.argv[0]))].sort();
  return {
    to: path,
    holds: [
      `It holds ${count(snapshot.commands.length, 'command')} and their output (${programs.join(', ')}), and ${count(files.length, 'file')}:`,
      files.join(' '),
    ],
    text: JSON.stringify(snapshot),
    standIns: hide.standIns(),
  };
};

export const run = async (context: Context): Promise<number> => {
  if (has(context, 'script')) {
    const { firstAsks } = await import('../engine/first-asks.ts');
    context.out((await import('../snapshot/script.ts')).collectorScript(await firstAsks(probes)));
    return 0;
  }
  const path = given(context, 'output') ?? defaultName(context.now());
  const hide = redactor(knownHere(context));
  const redacted = redactSnapshot(withoutEnvironment(await record(context)), hide.text, hide.argv);
  const more = await review(shared(redacted, path, hide), context);
  const snapshot = takeOutOf(redacted, more);
  context.err(`Read it before you share it: zcat ${path} | less\n`);
  if (context.terminal.ink && !(await ask('Write it? y yes, anything else no: ', context))) {
    context.err('Not written.\n');
    return 1;
  }
  const bytes = await writeSnapshot(snapshot, path);
  const { removed, aliased } = hide.account();
  if (has(context, 'json')) {
    const { commands, files } = snapshot;
    const numbers = { commands: commands.length, files: Object.keys(files).length, removed, aliased };
    context.out(jsonText({ schema: 'gpumedic.snapshot-written/1', path, bytes, ...numbers }));
  } else {
    context.out(`${path}: ${Math.ceil(bytes / 1024)} KiB. Anyone can look at it: gpumedic check --box ${path}\n`);
  }
  return 0;
};
