import { check, flow, stop, to, works } from '../src/engine/flow.ts';
import { CannotTell, need, or } from '../src/engine/known.ts';
import { daemonOf } from './probes/docker.ts';
import type { Facts } from './probes/index.ts';
import { CDI_READS, cdiMeant, gpusByCdi } from './rules/cdi.ts';
import { sinceStart } from './rules/docker-start.ts';
import { gpusByRuntime } from './rules/mode.ts';
import { atLeast, since } from './rules/version.ts';

const not = (value: boolean | null): boolean | null => (value === null ? null : !value);

/**
 * Whether a program was not there yet when the daemon looked for it, once, at its start. A registered runtime that
 * answered was there when the configuration was read last, which a reload does as well; null where that leaves it open.
 */
const cameLater = (f: Pick<Facts, 'docker'>, time: number | null, installed: string | null): boolean | null => {
  const unit = or(f.docker.unit, null);
  const info = daemonOf(f.docker);
  if (!unit || !info || unit.activeState !== 'active') return false;
  const said = sinceStart(or(f.docker.journal, '')).join('\n');
  // Refused once means refused until the next start.
  if (/could not select device driver \\?"(?:nvidia)?\\?" with capabilities: \[\[gpu\]\]/.test(said)) return true;
  // Both in the machine's own time, so that they compare as they stand.
  if (installed !== null && unit.startedLocal !== null) return installed > unit.startedLocal;
  if (time === null || unit.startedAt === null || time <= unit.startedAt + 1) return false;
  const ran = Object.entries(info.runtimes).some(([name, r]) => name.startsWith('nvidia') && r.answered);
  if (!ran) return true;
  return /Got signal to reload configuration/.test(said) ? null : false;
};

/** docker run --gpus, Compose device reservations with driver nvidia. */
export const gpus = flow({
  id: 'gpus',
  title: '--gpus',
  about: 'Which of its GPU drivers Docker uses for --gpus, and whether it found them when it started.',
  start: 'drivers',
  nodes: {
    drivers: check({
      title: 'GPU drivers of Docker',
      question: 'Which GPU driver did the daemon find when it started?',
      why: {
        line: 'dockerd looks for the NVIDIA programs once, at its start.',
        paragraph:
          'Up to 29.1 --gpus needs nvidia-container-runtime-hook. From 29.2 Docker tries CDI first, if it found nvidia-cdi-hook, and keeps the hook for what does not resolve. A toolkit that was installed later is not seen until a restart.',
        mechanism:
          'The daemon registers device drivers by looking for two names in its PATH; the nvidia entry below runtimes plays no part in --gpus.',
      },
      source: 'docker-no-device-driver; toolkit-base-only; toolkit-not-installed; field reference 1.6',
      probes: ['toolkit', 'docker', 'config', 'dockerCli'],
      decide: f => {
        const programs = need(f.toolkit.programs);
        const version = need(f.docker.serverVersion);
        if (version === null) throw new CannotTell([{ unknown: 'unreadable', probe: 'docker version' }]);
        const [hook, cdiHook] = [programs['nvidia-container-runtime-hook'], programs['nvidia-cdi-hook']];
        const cdiFirst = atLeast(version, since.dockerGpusCdiFirst);
        const none = Object.values(programs).every(p => p === null);
        if (none)
          return {
            is: 'notInstalled',
            found: 'no program of the toolkit',
            seen: [
              {
                from: 'which',
                shows:
                  'none of nvidia-ctk, nvidia-container-runtime, nvidia-container-runtime-hook, nvidia-container-cli, nvidia-cdi-hook',
              },
            ],
          };
        const usable = {
          hook: hook === null ? false : not(cameLater(f, or(f.toolkit.hookTime, null), f.toolkit.hookInstalled)),
          cdi:
            !cdiFirst || cdiHook === null
              ? false
              : not(cameLater(f, or(f.toolkit.cdiHookTime, null), f.toolkit.cdiHookInstalled)),
        };
        if (usable.cdi) return { is: 'cdiFirst', found: `Docker ${version ?? ''} tries CDI first` };
        if (usable.cdi === null || usable.hook === null)
          throw new CannotTell([
            {
              unknown: 'unreadable',
              probe:
                'whether the daemon found the NVIDIA programs at its start (they are newer, and it was reloaded since)',
            },
          ]);
        if (usable.hook)
          return gpusByRuntime(f)
            ? { is: 'runtime', found: 'the default runtime nvidia takes the hook out' }
            : { is: 'hook', found: `Docker ${version ?? ''} uses the hook` };
        if (hook !== null || (cdiFirst && cdiHook !== null))
          return {
            is: 'later',
            found: 'the toolkit came after the daemon started',
            seen: [{ from: 'systemctl show docker', shows: 'started before the NVIDIA programs were installed' }],
          };
        return {
          is: 'baseOnly',
          found: 'only the base package of the toolkit',
          seen: [{ from: 'which nvidia-container-runtime-hook', shows: 'not there' }],
        };
      },
      on: {
        cdiFirst: 'resolves',
        hook: to('config'),
        runtime: to('config'),
        later: stop('docker-no-device-driver', to('config')),
        baseOnly: stop('toolkit-base-only', to('config')),
        notInstalled: stop('toolkit-not-installed'),
        // Whether the hook or CDI serves it is open, so a fault of either would be a guess.
        cannotTell: works,
      },
    }),
    resolves: check({
      title: '--gpus by CDI',
      question: 'Does nvidia.com/gpu=all resolve for Docker?',
      why: {
        line: 'From 29.2 --gpus takes the spec on disk if there is a usable one.',
        paragraph:
          'A device that resolves is injected from the spec; one that does not resolve falls back to the hook without a word. A stale spec resolves, and then fails without any fallback.',
        mechanism:
          'The injector applies the CDI edits to the OCI spec; any error there (no such device, CDI off, a node it cannot stat) makes Docker try the hook. Missing mounts are found later, by runc.',
      },
      source: 'docker-29.2-gpus-behaviour-change; field reference 1.6',
      probes: CDI_READS,
      decide: f => {
        const cdi = gpusByCdi(f);
        return cdi.is === 'yes'
          ? { is: 'yes', found: `from ${cdi.spec.path}` }
          : { is: 'no', found: `${cdi.found}; the hook is used`, seen: cdi.seen };
      },
      on: { yes: to('cdi'), no: 'fallback', cannotTell: works },
    }),
    fallback: check({
      title: 'Fallback',
      question: 'Would the hook serve instead?',
      why: {
        line: 'The hook serves only in the modes auto and legacy.',
        paragraph:
          'When CDI does not resolve and the hook refuses, Docker shows only the text of the hook. The fault is the CDI one.',
        mechanism: 'The hook resolves the same mode setting with legacy as its default and refuses every other result.',
      },
      source: 'hook-in-nonlegacy-mode; field reference 1.3',
      probes: [
        'toolkit',
        'config',
        'units',
        'docker',
        'daemonJson',
        'cdiDirs',
        'cdiSpecs',
        'cdiHost',
        'podman',
        'where',
        'driver',
        'nodes',
      ],
      decide: f => {
        const hook = need(f.toolkit.programs)['nvidia-container-runtime-hook'];
        if (hook === null) return { is: 'noHook', found: 'no hook is installed' };
        if (f.config.fault !== null || ['auto', 'legacy'].includes(f.config.mode) || f.config.skipModeDetection)
          return { is: 'serves', found: 'by the hook' };
        if (gpusByRuntime(f)) return { is: 'serves', found: 'by the default runtime nvidia, which takes the hook out' };
        // Where nobody meant CDI, the mode is at fault and not a spec that nobody wanted.
        if (!cdiMeant(f)) return { is: 'serves', found: `by the hook, if it accepts mode ${f.config.mode}` };
        return {
          is: 'refuses',
          found: `mode is ${f.config.mode}: the hook refuses`,
          seen: [{ from: '/etc/nvidia-container-runtime/config.toml', shows: `mode = "${f.config.mode}"` }],
        };
      },
      on: { serves: to('config'), refuses: to('cdi'), noHook: to('cdi'), cannotTell: to('config') },
    }),
  },
});
