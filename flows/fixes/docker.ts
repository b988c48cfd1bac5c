/** Fixes of the Docker engine: runtimes, its configuration file, starting and restarting it. */
import { or } from '../../src/engine/known.ts';
import type { Refusal } from '../../src/plan/plan.ts';
import { jsonFault, removeJson, setJson } from '../../src/text/json.ts';
import { oneCharacterFix } from '../../src/text/json-fix.ts';
import { canonical, DEFAULT_DIRS } from '../probes/cdi.ts';
import { DAEMON_JSON, daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { deadlyAtStart, givenTwice, noStart } from '../rules/docker-start.ts';
import { inDaemonJson, parses, touches } from './daemon-json.ts';
import { applies, type Draft, isRefused, known, placed, refuse, replaces } from './make.ts';
import { atNextStart, comesUp, isDown, isHostEngine, policies, reloads, restarts, running, starts } from './restart.ts';

/** The runtime's program as daemon.json names it: by name where every PATH leads to it. */
export const program = (f: Facts): string => {
  const found = or(f.toolkit.programs, null)?.['nvidia-container-runtime'] ?? null;
  return found === null || found.startsWith('/usr/bin/') || found.startsWith('/usr/local/bin/')
    ? 'nvidia-container-runtime'
    : found;
};
export const hasRuntime = (f: Facts): boolean =>
  (or(f.toolkit.programs, null)?.['nvidia-container-runtime'] ?? null) !== null;
export const runtimeEntry = (path: string) => ({ args: [], path });

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
    deadlyAtStart(f).length === 0 &&
    noStart(f.daemonJson, f.docker) === null,
  touches: () => [],
  plan: f =>
    starts(f, {
      summary: 'Docker is down and nothing in its configuration forbids a start; no file is changed.',
      steps: [],
    }),
});

const restart = (id: string, title: string, mends: readonly string[], why: string, fits: (f: Facts) => boolean) =>
  applies({
    id,
    title,
    mends,
    privilege: 3,
    effect: ['RD'],
    source:
      '2.9 docker-config-not-active and docker-no-device-driver; corrects seed 1, section 3: a reload does not do it',
    fits: f => parses(f) && !isDown(f) && fits(f),
    touches: () => [],
    needs: running,
    more: policies,
    plan: (f, a) => restarts(f, a, { summary: `${why}; no file is changed.`, steps: [] }),
  });

const wantsCdi = (f: Facts): boolean => {
  const dirs = daemonOf(f.docker)?.cdiSpecDirs.map(canonical);
  if (dirs === undefined) return false;
  if (dirs.length === 0) return f.daemonJson.cdi === true;
  return (f.daemonJson.specDirs?.map(canonical) ?? DEFAULT_DIRS).some(d => !dirs.includes(d));
};

export const restartDocker = restart(
  'restart-docker',
  'Restart Docker',
  ['docker-config-not-active'],
  'Docker reads what stands in daemon.json now; most of it only at its start',
  f => f.daemonJson.withoutEffect.length === 0 || wantsCdi(f),
);
export const restartForToolkit = restart(
  'restart-docker-for-toolkit',
  'Restart Docker, so that it finds the toolkit',
  ['docker-no-device-driver'],
  'Docker looks for the programs of the toolkit only when it starts',
  f => {
    const programs = or(f.toolkit.programs, null);
    return (
      programs !== null && (programs['nvidia-container-runtime-hook'] !== null || programs['nvidia-cdi-hook'] !== null)
    );
  },
);

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

/** Docker runs, and only its next start would refuse the file. */
const isAhead = (f: Facts): boolean => {
  const daemon = daemonOf(f.docker);
  return daemon !== null && noStart(f.daemonJson, f.docker) !== null;
};
const mendsStart = (f: Facts, a: Readonly<Record<string, unknown>>, draft: Draft): Draft | Refusal =>
  isAhead(f) ? atNextStart(f, draft) : comesUp(f, a, draft);

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
    return isRefused(draft) ? draft : mendsStart(f, a, draft);
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
    return isRefused(draft) ? draft : mendsStart(f, a, draft);
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
const setTwice = (f: Facts): { readonly key: string; readonly flag: string; readonly file: string } | null => {
  const [, key, flag, file] = GIVEN_TWICE.exec(or(f.docker.journal, '')) ?? [];
  if (key !== undefined && f.daemonJson.keys.includes(key)) return { key, flag: flag ?? '', file: file ?? '' };
  const twice = givenTwice(f.daemonJson, or(f.docker.unit, null)?.execStart ?? '');
  return twice && { ...twice, file: 'what stands there' };
};
export const dropTwice = applies({
  id: 'remove-setting-given-twice',
  title: 'Take the setting that is given twice out of daemon.json',
  mends: ['docker-flag-conflict'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 docker-flag-conflict',
  fits: f => parses(f) && setTwice(f) !== null,
  touches,
  needs: running,
  more: policies,
  plan: (f, a) => {
    const twice = setTwice(f);
    if (twice === null) return refuse('no setting is given twice');
    const draft = inDaemonJson(
      f,
      text => removeJson(text, [twice.key]),
      `the unit of Docker passes ${twice.key} as well`,
      `Keeps the flag of the unit (${twice.flag}) and takes ${twice.file} out of the file; if that was wanted, keep it and clear the flag in a drop-in instead.`,
    );
    return isRefused(draft) ? draft : mendsStart(f, a, draft);
  },
});

export const dropReserved = applies({
  id: 'remove-reserved-runtime',
  title: 'Take the runtime called runc out of daemon.json',
  mends: ['docker-default-runtime-broken'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 docker-default-runtime-broken: the name runc is reserved',
  fits: f => parses(f) && f.daemonJson.runtimes.runc !== undefined,
  touches,
  needs: running,
  more: policies,
  plan: (f, a) => {
    const draft = inDaemonJson(
      f,
      text => removeJson(text, ['runtimes', 'runc']),
      'Docker has runc built in and refuses an entry of that name',
      'Removes one entry; containers go on using runc.',
    );
    return isRefused(draft) ? draft : mendsStart(f, a, draft);
  },
});

export const dockerFixes = [
  registerRuntime,
  reloadDocker,
  absoluteRuntime,
  startDocker,
  restartDocker,
  restartForToolkit,
  repairDaemonJson,
  addDefaultRuntime,
  dropDefaultRuntime,
  dropTwice,
  dropReserved,
  desktopContext,
];
