/** Fixes of the Docker engine: runtimes, its configuration file, starting and restarting it. */
import { isUnknown, or } from '../../src/engine/known.ts';
import { jsonFault, removeJson, setJson } from '../../src/text/json.ts';
import { oneCharacterFix } from '../../src/text/json-fix.ts';
import { canonical } from '../probes/cdi.ts';
import { DAEMON_JSON, daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { deadly } from './cdi-place.ts';
import { inDaemonJson, parses, touches } from './daemon-json.ts';
import { applies, type Draft, isRefused, known, placed, refuse, replaces } from './make.ts';
import { comesUp, isDown, isHostEngine, policies, reloads, restarts, running, starts } from './restart.ts';

const program = (f: Facts): string => {
  const found = or(f.toolkit.programs, null)?.['nvidia-container-runtime'] ?? null;
  return found === null || found.startsWith('/usr/bin/') || found.startsWith('/usr/local/bin/')
    ? 'nvidia-container-runtime'
    : found;
};
const hasRuntime = (f: Facts): boolean => (or(f.toolkit.programs, null)?.['nvidia-container-runtime'] ?? null) !== null;
const runtimeEntry = (path: string) => ({ args: [], path });

export const registerRuntime = applies({
  id: 'register-nvidia-runtime',
  title: 'Register the nvidia runtime in daemon.json',
  mends: ['docker-runtime-not-registered'],
  privilege: 2,
  effect: ['E1', 'RL'],
  source: '2.9 docker-runtime-not-registered; seeds 0 and 1, daemon.json: merged here, never overwritten with tee',
  fits: f => parses(f) && hasRuntime(f) && f.daemonJson.runtimes.nvidia === undefined && !isDown(f),
  touches,
  plan: f => {
    const draft = inDaemonJson(
      f,
      text => setJson(text, ['runtimes', 'nvidia'], runtimeEntry(program(f))),
      'the entry that --runtime=nvidia asks for',
      'Adds one entry and reloads Docker; a reload takes runtimes over and stops no container.',
    );
    if (isRefused(draft)) return draft;
    return reloads(f, {
      ...draft,
      afterwards: ['Taking the entry out again needs a restart of Docker: a reload only adds.'],
    });
  },
});

export const reloadDocker = applies({
  id: 'reload-docker',
  title: 'Reload Docker, so that it takes the runtime over',
  mends: ['docker-runtime-not-registered', 'docker-config-not-active'],
  privilege: 2,
  effect: ['RL'],
  source: '2.9 docker-config-not-active; 1.6: runtimes react to a reload',
  fits: f => {
    const daemon = daemonOf(f.docker);
    return (
      parses(f) && daemon !== null && f.daemonJson.runtimes.nvidia !== undefined && daemon.runtimes.nvidia === undefined
    );
  },
  touches: () => [],
  plan: f =>
    reloads(f, {
      summary: 'The entry stands in daemon.json already; a reload is all it needs and stops no container.',
      steps: [],
    }),
});

export const absoluteRuntime = applies({
  id: 'set-nvidia-runtime-path',
  title: 'Let the nvidia runtime entry name the installed program',
  mends: ['toolkit-binary-not-in-daemon-path', 'docker-default-runtime-broken'],
  privilege: 2,
  effect: ['E1', 'RL'],
  source: '2.6 toolkit-binary-not-in-daemon-path',
  fits: f =>
    parses(f) &&
    hasRuntime(f) &&
    f.daemonJson.runtimes.nvidia !== undefined &&
    or(f.runtimePath.exists, true) === false,
  touches,
  plan: f => {
    const path = or(f.toolkit.programs, null)?.['nvidia-container-runtime'];
    if (!path) return refuse('nvidia-container-runtime is not installed', 'install the toolkit, or take the entry out');
    const draft = inDaemonJson(
      f,
      text => setJson(text, ['runtimes', 'nvidia', 'path'], path),
      `${f.daemonJson.runtimes.nvidia?.path ?? 'the old path'} is not there; this one is`,
      'Corrects one path and reloads Docker, which stops no container.',
    );
    return isRefused(draft) ? draft : isDown(f) ? starts(f, draft) : reloads(f, draft);
  },
});

export const startDocker = applies({
  id: 'start-docker',
  title: 'Start Docker',
  mends: ['docker-not-running'],
  privilege: 3,
  effect: ['RD'],
  source: '2.9 docker-not-running',
  fits: f =>
    isHostEngine(f) &&
    isDown(f) &&
    f.daemonJson.fault === null &&
    f.daemonJson.invalid === null &&
    deadly(f).length === 0,
  touches: () => [],
  plan: f =>
    starts(f, {
      summary: 'Docker is down and nothing in its configuration forbids a start; no file is changed.',
      steps: [],
    }),
});

export const restartDocker = applies({
  id: 'restart-docker',
  title: 'Restart Docker',
  mends: [
    'docker-config-not-active',
    'docker-no-device-driver',
    'cdi-disabled-in-docker',
    'cdi-spec-dir-mismatch',
    'cdi-hook-binary-missing',
  ],
  privilege: 3,
  effect: ['RD'],
  source:
    '2.9 docker-config-not-active and docker-no-device-driver; corrects seed 1, section 3: a reload does not do it',
  fits: f => {
    if (!parses(f) || isDown(f)) return false;
    const daemon = daemonOf(f.docker);
    if (daemon === null) return true;
    const wantsCdi = f.daemonJson.cdi === true && daemon.cdiSpecDirs.length === 0;
    const onDisk = f.daemonJson.specDirs?.map(canonical) ?? ['/etc/cdi', '/var/run/cdi'];
    const otherDirs = daemon.cdiSpecDirs.length > 0 && onDisk.some(d => !daemon.cdiSpecDirs.map(canonical).includes(d));
    return wantsCdi || otherDirs || startedBefore(f) || staleDefault(f);
  },
  touches: () => [],
  needs: running,
  more: policies,
  plan: (f, a) =>
    restarts(f, a, {
      summary: 'Docker reads CDI settings and looks for the toolkit only when it starts; no file is changed.',
      steps: [],
    }),
});
/** The toolkit or the file is younger than the running daemon. */
const startedBefore = (f: Facts): boolean => {
  const unit = or(f.docker.unit, null);
  const since = unit?.startedAt ?? null;
  if (since === null) return true;
  return [f.toolkit.hookTime, f.toolkit.cdiHookTime, f.daemonJson.mtime].some(t => (or(t, null) ?? 0) >= since);
};
const staleDefault = (f: Facts): boolean => {
  const daemon = daemonOf(f.docker);
  return daemon !== null && daemon.defaultRuntime !== (f.daemonJson.defaultRuntime ?? 'runc');
};

const BY_HAND = [
  `sudoedit ${DAEMON_JSON}`,
  `dockerd --validate --config-file=${DAEMON_JSON}`,
  'sudo systemctl reset-failed docker.service docker.socket',
  'sudo systemctl start docker',
];

export const repairDaemonJson = applies({
  id: 'repair-daemon-json',
  title: 'Repair the one character that breaks daemon.json',
  mends: ['docker-daemon-json-malformed'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 docker-daemon-json-malformed; seed 0 writes the file by heredoc, the usual origin',
  fits: f => isHostEngine(f) && (f.daemonJson.fault !== null || f.daemonJson.invalid !== null),
  touches,
  plan: f => {
    const text = known(f.daemonJson.text, DAEMON_JSON);
    if (isRefused(text)) return text;
    const fault = jsonFault(text ?? '');
    if (f.daemonJson.fault === null)
      return refuse(
        `${DAEMON_JSON}: ${f.daemonJson.invalid ?? 'dockerd does not accept it'}; what was meant is not guessed`,
        ...BY_HAND,
      );
    const place = fault ? placed(DAEMON_JSON, fault) : DAEMON_JSON;
    const repair = oneCharacterFix(text ?? '');
    if (repair === null) return refuse(`${place}; more than one repair is possible, so it is not guessed`, ...BY_HAND);
    const draft: Draft = {
      summary: `There is only one way to read this file: ${repair.did}. Everything else stays.`,
      steps: [replaces(DAEMON_JSON, text, repair.text, repair.did)],
    };
    if (isDown(f)) return starts(f, draft);
    // A running Docker keeps what it has; only its next start would fail, so it is not restarted for this.
    const checked = reloads(f, draft);
    return isRefused(checked) ? checked : { ...checked, privilege: 2, effect: ['E1', 'RL'] };
  },
});

export const addDefaultRuntime = applies({
  id: 'add-default-runtime-entry',
  title: 'Add the nvidia runtime that is the default already',
  mends: ['docker-default-runtime-broken'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 docker-default-runtime-broken',
  fits: f =>
    parses(f) &&
    hasRuntime(f) &&
    f.daemonJson.defaultRuntime === 'nvidia' &&
    f.daemonJson.runtimes.nvidia === undefined,
  touches,
  needs: running,
  more: policies,
  plan: (f, a) => {
    const draft = inDaemonJson(
      f,
      text => setJson(text, ['runtimes', 'nvidia'], runtimeEntry(program(f))),
      'the default names a runtime that has no entry',
      'Adds the entry that default-runtime needs; the default stays.',
    );
    return isRefused(draft) ? draft : comesUp(f, a, draft);
  },
});

export const dropDefaultRuntime = applies({
  id: 'remove-default-runtime',
  title: 'Take default-runtime out of daemon.json',
  mends: ['docker-default-runtime-broken'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 docker-default-runtime-broken; seed 1 does not set it: right',
  fits: f => parses(f) && f.daemonJson.defaultRuntime !== null && f.daemonJson.defaultRuntime !== 'runc',
  touches,
  needs: running,
  more: policies,
  plan: (f, a) => {
    const draft = inDaemonJson(
      f,
      text => removeJson(text, ['default-runtime']),
      'neither --gpus nor Compose nor CDI needs nvidia as the default',
      'Containers run with runc again unless they ask for nvidia. A removed default is taken over only at a start.',
    );
    return isRefused(draft) ? draft : comesUp(f, a, draft);
  },
});

export const desktopContext = applies({
  id: 'use-default-docker-context',
  title: "Let docker talk to this host's own engine",
  mends: ['docker-desktop-linux'],
  privilege: 1,
  effect: ['E0'],
  source: '2.4 docker-desktop-linux; an explanation that seed 0 never excludes',
  fits: f => or(f.dockerCli.context, 'default') === 'desktop-linux' && f.dockerCli.dockerHost === null,
  touches: () => ['~/.docker/config.json'],
  plan: f => {
    const context = or(f.dockerCli.context, 'desktop-linux');
    return {
      summary:
        'Switches the context of this user from Docker Desktop, whose machine has no GPU, to the engine of this host.',
      steps: [
        {
          do: 'run',
          command: { argv: ['docker', 'context', 'use', 'default'], changes: true },
          undo: { argv: ['docker', 'context', 'use', context], changes: true },
          why: 'the engine of this host can reach the GPU; it must be installed (docker-ce)',
        },
      ],
      afterwards: ['Images and volumes of Docker Desktop stay in its machine.'],
    };
  },
});

/** "hosts: (from flag: [fd://], from file: [unix:///var/run/docker.sock])", as the journal words it. */
const GIVEN_TWICE = /both as a flag and in the configuration file: ([\w-]+): \(from flag: (.*?), from file: (.*?)\)/;
const givenTwice = (f: Facts): RegExpExecArray | null =>
  isUnknown(f.docker.journal) ? null : GIVEN_TWICE.exec(f.docker.journal);

export const dropTwice = applies({
  id: 'remove-setting-given-twice',
  title: 'Take the setting that is given twice out of daemon.json',
  mends: ['docker-flag-conflict'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 docker-flag-conflict',
  fits: f => parses(f) && givenTwice(f) !== null,
  touches,
  needs: running,
  more: policies,
  plan: (f, a) => {
    const [, key = '', flag = '', file = ''] = givenTwice(f) ?? [];
    const draft = inDaemonJson(
      f,
      text => removeJson(text, [key]),
      `the unit of Docker passes ${key} as well`,
      `Keeps the flag of the unit (${flag}) and takes ${file} out of the file; if that was wanted, keep it and clear the flag in a drop-in instead.`,
    );
    return isRefused(draft) ? draft : comesUp(f, a, draft);
  },
});

export const dockerFixes = [
  registerRuntime,
  reloadDocker,
  absoluteRuntime,
  startDocker,
  restartDocker,
  repairDaemonJson,
  addDefaultRuntime,
  dropDefaultRuntime,
  dropTwice,
  desktopContext,
];
