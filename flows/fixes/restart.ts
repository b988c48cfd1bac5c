/** Restarting and reloading Docker: what it stops, how it is validated before, and when it is refused. */
import type { Ran } from '../../src/box/box.ts';
import { isUnknown, or } from '../../src/engine/known.ts';
import type { Asks } from '../../src/engine/probe.ts';
import { inspectOf, interruptionOf, PS, runningIds } from '../../src/plan/interruption.ts';
import type { Interruption, Refusal } from '../../src/plan/plan.ts';
import { DAEMON_JSON, daemonOf, readDaemonJson } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { isTaskName } from '../probes/swarm.ts';
import { noStart } from '../rules/docker-start.ts';
import { atLeast } from '../rules/version.ts';
import { type Draft, refuse, root } from './make.ts';

const SERVICES = ['docker'] as const;
/** A restart waits for containers to stop, ten seconds each by default. */
const RESTART_MS = 300_000;

/** First round: which containers run. */
export const running = () => ({ running: { ask: 'run', command: PS } }) as const;

/** Second round: their restart policies, and nothing else of an inspect, which may hold secrets. */
export const policies = (_: Facts, answers: { readonly running: Ran }): Asks => {
  const ids = runningIds(answers.running);
  return ids.length === 0 ? {} : { policies: { ask: 'run', command: inspectOf(ids) } };
};

const BY_SWARM = 'made anew by Swarm';

type Answers = Readonly<Record<string, unknown>>;

/** What a restart of Docker stops; nothing where it is down. */
const stops = (f: Facts, answers: Answers): Interruption => {
  const liveRestore = daemonOf(f.docker)?.liveRestore ?? false;
  if (isDown(f)) return { containers: [], liveRestore, services: SERVICES };
  const ps = (answers.running as Ran | undefined) ?? { kind: 'unrecorded' };
  const found = interruptionOf(
    { ps, inspect: (answers.policies as Ran | undefined) ?? null, info: { liveRestore } },
    SERVICES,
  );
  if (!daemonOf(f.docker)?.swarm) return found;
  // Tasks of Swarm have no policy of the engine; Swarm itself sees to them.
  const containers = found.containers.map(c => (isTaskName(c.name) ? { ...c, restart: BY_SWARM } : c));
  return { ...found, containers };
};

/** Who reads /etc/docker/daemon.json here: the rootful engine of this host and nobody else. */
export const isHostEngine = (f: Facts): boolean => {
  const daemon = daemonOf(f.docker);
  const context = or(f.dockerCli.context, 'default');
  if (context !== 'default' && context !== '') return false;
  if (f.dockerCli.dockerHost !== null && !f.dockerCli.dockerHost.startsWith('unix:///')) return false;
  if (daemon === null) return true;
  return !daemon.rootless && !daemon.rootDir.startsWith('/var/snap') && !/Docker Desktop/.test(daemon.operatingSystem);
};

/** Why Docker cannot be restarted from here; null where it can. */
const unmanaged = (f: Facts): Refusal | null => {
  if (isUnknown(f.docker.unit))
    return refuse(
      'how Docker is started on this machine could not be found out (no answer from systemctl)',
      'restart Docker the way it was started, then run gpumedic again',
    );
  const other = /--config-file[= ](\S+)/.exec(f.docker.unit.execStart)?.[1];
  if (other !== undefined && other !== DAEMON_JSON) return refuse(`this Docker reads ${other}, not ${DAEMON_JSON}`);
  return null;
};

/** `dockerd --validate` exists from 23.0 on; it sees syntax, unknown keys and types (section 1.6). */
const validates = (f: Facts) =>
  atLeast(or(f.docker.serverVersion, null) ?? '99', '23.0')
    ? [{ argv: ['dockerd', '--validate', `--config-file=${DAEMON_JSON}`] as const, root: true, timeoutMs: 30_000 }]
    : [];

const failed = (f: Facts): boolean =>
  !isUnknown(f.docker.unit) && (f.docker.unit.activeState === 'failed' || f.docker.unit.activeState === 'activating');
const clear = root(['systemctl', 'reset-failed', 'docker.service', 'docker.socket']);

const stopsSaid = (i: Interruption): readonly string[] => {
  if (i.liveRestore || i.containers.length === 0) return [];
  const down = i.containers.filter(c => c.restart === 'no' || c.restart === 'unknown').map(c => c.name);
  return [
    ...(down.length === 0 ? [] : [`Start again by hand, they have no restart policy: ${down.join(', ')}.`]),
    ...(i.containers.some(c => c.restart === BY_SWARM)
      ? ['Swarm starts its tasks again as new containers, with new names.']
      : []),
  ];
};

/** daemon.json as it will stand after a draft; undefined where that is not known. */
const fileAfter = (f: Facts, draft: Draft): string | null | undefined => {
  const last = draft.steps.findLast(s => s.do === 'edit' && s.path === DAEMON_JSON);
  return last?.do === 'edit' ? last.after : or(f.daemonJson.text, undefined);
};

/** Why Docker would not come up again with that file; null where nothing is known to stop it. */
const staysDown = (f: Facts, draft: Draft): Refusal | null => {
  const text = fileAfter(f, draft);
  if (text === undefined) return null;
  const json = { path: DAEMON_JSON, ...readDaemonJson(text) };
  const isAsItWas = text === or(f.daemonJson.text, undefined);
  const why = json.fault ?? (isAsItWas ? f.daemonJson.invalid : null) ?? noStart(json, f.docker)?.found;
  return why
    ? refuse(`Docker would not come up again: ${DAEMON_JSON}: ${why}`, 'mend that first, then run gpumedic again')
    : null;
};

/** What dockerd says of the file it will read, where there is one. */
const checked = (f: Facts, draft: Draft) => (typeof fileAfter(f, draft) === 'string' ? validates(f) : []);

/** Adds the restart to a draft: validated before, containers named, and repeated on the old files after an undo. */
export const restarts = (f: Facts, answers: Answers, draft: Draft): Draft | Refusal => {
  const no = unmanaged(f) ?? staysDown(f, draft);
  if (no) return no;
  if (daemonOf(f.docker)?.swarm?.locks)
    return refuse(
      'after a restart this manager of Swarm stays locked until somebody gives it its key',
      'sudo systemctl restart docker',
      'docker swarm unlock',
    );
  const interrupts = stops(f, answers);
  return {
    ...draft,
    validate: checked(f, draft),
    settle: [...(failed(f) ? [clear] : []), root(['systemctl', 'restart', 'docker'], RESTART_MS)],
    interrupts,
    afterwards: [...(draft.afterwards ?? []), ...stopsSaid(interrupts)],
  };
};

/** Adds a reload, which interrupts nothing and re-reads runtimes, default-runtime and live-restore only. */
export const reloads = (f: Facts, draft: Draft): Draft | Refusal => {
  const no = unmanaged(f);
  if (no) return no;
  return { ...draft, validate: validates(f), settle: [root(['systemctl', 'reload', 'docker'])], interrupts: null };
};

/** Adds the start of an engine that is down; nothing can be interrupted. */
export const starts = (f: Facts, draft: Draft): Draft | Refusal => {
  const no = unmanaged(f) ?? staysDown(f, draft);
  if (no) return no;
  return {
    ...draft,
    validate: checked(f, draft),
    settle: [...(failed(f) ? [clear] : []), root(['systemctl', 'start', 'docker'], RESTART_MS)],
    interrupts: null,
  };
};

/** A running Docker keeps what it has, so a file that only its next start refuses is mended without one. */
export const atNextStart = (f: Facts, draft: Draft): Draft | Refusal => {
  const no = staysDown(f, draft);
  const read = no ?? reloads(f, draft);
  return 'refuse' in read ? read : { ...read, privilege: 2, effect: ['E1', 'RL'] };
};

export const isDown = (f: Facts): boolean => daemonOf(f.docker) === null && f.docker.refused === 'notRunning';
/** Restart where it runs, start where it is down. */
export const comesUp = (f: Facts, answers: Answers, draft: Draft): Draft | Refusal =>
  isDown(f) ? starts(f, draft) : restarts(f, answers, draft);
