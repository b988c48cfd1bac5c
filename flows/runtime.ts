import { check, flow, stop, to } from '../src/engine/flow.ts';
import { isUnknown, need } from '../src/engine/known.ts';
import { daemonOf } from './probes/docker.ts';

/** docker run --runtime=nvidia. */
export const runtime = flow({
  id: 'runtime',
  title: '--runtime=nvidia',
  about: 'Does Docker know the nvidia runtime, and is its program there?',
  start: 'installed',
  nodes: {
    installed: check({
      title: 'Toolkit',
      question: 'Is the NVIDIA Container Toolkit installed?',
      why: {
        line: 'Without the toolkit nobody puts the driver into a container.',
        paragraph:
          'The driver gives the host a GPU; the toolkit is a separate package that brings it into containers: a runtime, a hook, a command line and a generator of CDI specs.',
        mechanism:
          'nvidia-container-toolkit-base holds runtime, ctk and cdi-hook; nvidia-container-toolkit adds the hook; libnvidia-container-tools the CLI.',
      },
      source: 'toolkit-not-installed; toolkit-base-only',
      probes: ['toolkit'],
      decide: f => {
        const programs = need(f.toolkit.programs);
        if (Object.values(programs).every(p => p === null))
          return {
            is: 'missing',
            found: 'no program of the toolkit',
            seen: [{ from: 'which', shows: 'none of the toolkit programs' }],
          };
        const version = typeof f.toolkit.version === 'string' ? f.toolkit.version : 'installed';
        return { is: 'installed', found: version };
      },
      on: { installed: 'registered', missing: stop('toolkit-not-installed'), cannotTell: 'registered' },
    }),
    registered: check({
      title: 'nvidia runtime',
      question: 'Does the running daemon know a runtime called nvidia?',
      why: {
        line: 'The daemon knows only the runtimes it has loaded.',
        paragraph:
          'The entry belongs into the daemon.json of the daemon that answers, and the daemon must have read it: a reload is enough to add one.',
        mechanism:
          'dockerd keeps a table of runtimes from its start and its last SIGHUP; --runtime picks from that table.',
      },
      source: 'docker-runtime-not-registered; docker-config-not-active; seed 0, Fix 2; seed 1, section 1',
      probes: ['docker', 'daemonJson'],
      decide: f => {
        const info = daemonOf(f.docker);
        const inFile = 'nvidia' in f.daemonJson.runtimes;
        // With neither the daemon nor its file nobody knows what it has loaded.
        if (!info) need(f.daemonJson.text);
        if (!info)
          return inFile
            ? { is: 'known', found: 'in daemon.json' }
            : f.daemonJson.fault !== null
              ? { is: 'known', found: 'daemon.json cannot be read' }
              : {
                  is: 'unknown',
                  found: 'no entry in daemon.json',
                  seen: [{ from: f.daemonJson.path, shows: 'no entry nvidia below runtimes' }],
                };
        if ('nvidia' in info.runtimes) return { is: 'known', found: `nvidia: ${info.runtimes.nvidia?.path ?? ''}` };
        const seen = [{ from: 'docker info', shows: `runtimes: ${Object.keys(info.runtimes).join(', ')}` }];
        return inFile
          ? {
              is: 'notLoaded',
              found: 'the entry is in daemon.json, the daemon has not read it',
              seen: [...seen, { from: f.daemonJson.path, shows: 'runtimes.nvidia is set' }],
            }
          : { is: 'unknown', found: 'no runtime called nvidia', seen };
      },
      on: {
        known: 'program',
        notLoaded: stop('docker-config-not-active', 'program'),
        unknown: stop('docker-runtime-not-registered', to('config')),
        cannotTell: 'program',
      },
    }),
    program: check({
      title: 'Runtime program',
      question: 'Is the program of the nvidia runtime where the entry says?',
      why: {
        line: 'The daemon lists a runtime even when its program is gone.',
        paragraph:
          'An entry can point to an uninstalled copy, or to a name that is not in the PATH of the daemon. --gpus and CDI keep working, only --runtime=nvidia fails.',
        mechanism:
          'containerd starts the program when the container starts; the error is fork/exec … no such file or directory.',
      },
      source: 'toolkit-binary-not-in-daemon-path',
      probes: ['runtimePath', 'docker'],
      decide: f => {
        // The daemon ran it when it loaded the entry.
        if (daemonOf(f.docker)?.runtimes.nvidia?.answered && f.runtimePath.exists !== false)
          return { is: 'there', found: f.runtimePath.path ?? '' };
        // On load the daemon runs every entry's program; one that alone gave no answer was not there.
        const entries = Object.values(daemonOf(f.docker)?.runtimes ?? {});
        const silent =
          isUnknown(f.runtimePath.exists) &&
          entries.some(r => r.answered) &&
          daemonOf(f.docker)?.runtimes.nvidia?.answered === false;
        const there = silent ? false : need(f.runtimePath.exists);
        return there === false
          ? {
              is: 'gone',
              found: `${f.runtimePath.path ?? 'its program'} is not there`,
              seen: [{ from: 'runtimes.nvidia.path', shows: `${f.runtimePath.path ?? ''}: not there` }],
            }
          : { is: 'there', found: f.runtimePath.path ?? '' };
      },
      on: {
        there: to('config'),
        gone: stop('toolkit-binary-not-in-daemon-path', to('config')),
        cannotTell: to('config'),
      },
    }),
  },
});
