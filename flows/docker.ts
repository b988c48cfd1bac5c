import { check, flow, note, risk, stop, to, works } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or, unknown } from '../src/engine/known.ts';
import { daemonOf } from './probes/docker.ts';
import { ldconfigRefused, noLowLevel, unknownMode, unreadable } from './rules/config-faults.ts';
import { deadlyAtStart, noStart, sinceStart } from './rules/docker-start.ts';
import { atLeast, since } from './rules/version.ts';

const CRASH = /slice bounds out of range \[1:0\]|validateVendorOrClassName/;
const FLAGS = /specified both as a flag and in the configuration file/;
const DEFAULT_RUNTIME = /specified default runtime .* does not exist|runtime name '.*' is reserved/;
const BAD_FILE = /unable to configure the Docker daemon with file|don't match any configuration option/;

const elsewhere = (probe: string): CannotTell => new CannotTell([{ unknown: 'unreadable', probe }]);

/** What the daemon said last of why it does not come up; a start that went well since makes it a thing of the past. */
const lastReason = (journal: string): string =>
  sinceStart(journal).findLast(l => [CRASH, FLAGS, BAD_FILE, DEFAULT_RUNTIME].some(r => r.test(l))) ??
  // A spec takes the daemon down after it came up.
  journal.split('\n').findLast(l => CRASH.test(l)) ??
  '';

export const docker = flow({
  id: 'docker',
  title: 'Docker engine',
  about: 'Is the engine that answers on this machine, does it run, and does it run with the configuration on disk?',
  start: 'endpoint',
  nodes: {
    endpoint: check({
      title: 'Docker',
      question: 'Is the engine that answers on this machine?',
      why: {
        line: 'Docker Desktop, snap and remote engines do not see the files and drivers of this host.',
        paragraph:
          'The docker command can talk to an engine in a virtual machine (Desktop), in a confined snap, or on another host. Editing /etc/docker here then changes nothing there.',
        mechanism:
          'The context, DOCKER_HOST and the answers of docker info (operating system, kernel, root folder) tell which engine it is.',
      },
      source: 'docker-desktop-linux; docker-snap; field reference 3.1 T0',
      probes: ['dockerCli', 'docker', 'where'],
      decide: (f, r) => {
        const info = daemonOf(f.docker);
        const context = or(f.dockerCli.context, 'default');
        if (
          /^desktop-/.test(context) ||
          (info && (/Docker Desktop/.test(info.operatingSystem) || /linuxkit/.test(info.kernel)))
        ) {
          if (f.where.wsl) return { is: 'onWindows', found: 'Docker Desktop on Windows, which has the GPU' };
          return {
            is: 'desktop',
            found: 'Docker Desktop: the engine runs in a virtual machine without the GPU',
            seen: [
              { from: 'docker context show', shows: context },
              ...(info ? [{ from: 'docker info', shows: `${info.operatingSystem}, kernel ${info.kernel}` }] : []),
            ],
          };
        }
        const host = f.dockerCli.dockerHost;
        if (host && !host.startsWith('unix://')) throw elsewhere(`the engine at ${host}: run gpumedic on that machine`);
        const kernel = or(f.where.kernel, '');
        if (info && info.kernel !== '' && kernel !== '' && info.kernel !== kernel)
          throw elsewhere(
            `the engine of context ${context}, which runs on another kernel: run gpumedic on that machine`,
          );
        const snap =
          (info?.rootDir.startsWith('/var/snap/docker') ?? false) ||
          or(f.dockerCli.path, '')?.startsWith('/snap/') === true;
        if (snap) {
          if (r.way !== 'docker-gpus') throw elsewhere('the configuration inside the Docker snap');
          return {
            is: 'snap',
            found: 'Docker from the snap store',
            seen: [{ from: 'docker info', shows: `root folder ${info?.rootDir ?? ''}` }],
          };
        }
        return {
          is: 'local',
          found:
            `${info?.version ?? or(f.docker.serverVersion, null) ?? ''}${info?.rootless ? ' (rootless)' : ''}`.trim(),
        };
      },
      on: {
        local: 'answers',
        onWindows: 'onWindows',
        desktop: stop('docker-desktop-linux'),
        snap: stop('docker-snap'),
        // What this host has says nothing about an engine elsewhere.
        cannotTell: works,
      },
    }),
    onWindows: check({
      title: 'Docker Desktop on Windows',
      question: 'Does the engine of Docker Desktop know this form of request?',
      why: {
        line: 'On Windows the engine brings what it needs; nothing is installed in this distribution.',
        paragraph:
          'With the WSL 2 backend the engine runs in a distribution of its own, which has the GPU of Windows and the NVIDIA programs. No toolkit and no daemon.json of this distribution plays a part.',
        mechanism:
          'The socket of that engine is handed into this distribution; docker info names Docker Desktop and a kernel of Microsoft.',
      },
      source: 'docker-desktop-linux: with the WSL2 backend GPUs work without any toolkit in the distribution',
      probes: ['docker'],
      decide: (f, r) => {
        const knows = r.way === 'docker-gpus' || (r.way === 'docker-runtime' && daemonOf(f.docker)?.runtimes.nvidia);
        if (!knows) throw new CannotTell([unknown('unreadable', 'the configuration inside Docker Desktop')]);
        return { is: 'known', found: 'by the engine itself' };
      },
      on: { known: works, cannotTell: works },
    }),
    answers: check({
      title: 'Docker daemon',
      question: 'Does the Docker daemon answer?',
      why: {
        line: 'Nothing can be started while the daemon is down or closed to this user.',
        paragraph:
          'A daemon that does not start says why in its journal only; the command just says that it cannot connect.',
        mechanism:
          'The client talks to /run/docker.sock. "Permission denied" there is about the socket, "cannot connect" about the daemon.',
      },
      source: 'docker-not-running; docker-socket-denied; containerd-config-not-effective',
      probes: ['docker', 'daemonJson', 'cdiSpecs', 'containerd'],
      decide: f => {
        if (isUnknown(f.docker.info)) throw new CannotTell([f.docker.info]);
        if (f.docker.info !== null) return { is: 'answers', found: `${f.docker.info.version}, running` };
        const seen = [{ from: 'docker info', shows: f.docker.says || 'no answer' }];
        if (f.docker.refused === 'denied') return { is: 'denied', found: 'this user may not talk to the daemon', seen };
        const unit = isUnknown(f.docker.unit) ? undefined : f.docker.unit;
        const reason = lastReason(or(f.docker.journal, ''));
        const failed =
          unit?.activeState === 'failed' || unit?.result === 'exit-code' || unit?.activeState === 'activating';
        const quote = (p: RegExp) => (p.test(reason) ? [{ from: 'journalctl -u docker', shows: reason }] : []);
        if (unit)
          seen.push({ from: 'systemctl show docker', shows: `ActiveState=${unit.activeState}, Result=${unit.result}` });
        if (deadlyAtStart(f).length > 0 || (failed && CRASH.test(reason)))
          return { is: 'crashes', found: 'a spec file takes the daemon down', seen: [...seen, ...quote(CRASH)] };
        if (
          f.daemonJson.fault !== null ||
          f.daemonJson.invalid !== null ||
          // A file that was mended since is not what keeps it down.
          (failed && BAD_FILE.test(reason) && !FLAGS.test(reason) && !f.daemonJson.validated)
        ) {
          return {
            is: 'badFile',
            found: 'daemon.json is refused',
            seen: [
              { from: f.daemonJson.path, shows: f.daemonJson.fault ?? f.daemonJson.invalid ?? 'refused by dockerd' },
              ...quote(BAD_FILE),
              ...seen,
            ],
          };
        }
        const stops = noStart(f.daemonJson, f.docker);
        const given = [...reason.matchAll(/([\w-]+): \(from flag/g)].map(m => m[1]!);
        const isPast = (past: boolean): boolean => !isUnknown(f.daemonJson.text) && past;
        if (
          stops?.is === 'twice' ||
          (failed && FLAGS.test(reason) && !isPast(given.length > 0 && !given.some(k => f.daemonJson.keys.includes(k))))
        )
          return {
            is: 'flags',
            found: stops?.found ?? 'an option stands in the unit and in daemon.json',
            seen: [...quote(FLAGS), ...(stops?.seen ?? []), ...seen],
          };
        const byUnit = /--default-runtime|--add-runtime/.test(unit?.execStart ?? '');
        if (stops || (failed && DEFAULT_RUNTIME.test(reason) && !isPast(!byUnit)))
          return {
            is: 'noDefault',
            found: stops?.found ?? 'the default runtime has no entry',
            seen: [...(stops?.seen ?? []), ...quote(DEFAULT_RUNTIME), ...seen],
          };
        const broken = or(f.containerd.fault, null);
        if (broken !== null && /^(failed|activating|inactive)/.test(or(f.containerd.active, '')))
          return {
            is: 'noContainerd',
            found: 'containerd, which Docker needs, cannot read its file',
            seen: [
              { from: broken.split(':')[0]!, shows: broken },
              { from: 'systemctl is-active containerd', shows: or(f.containerd.active, '') },
              ...seen,
            ],
          };
        if (f.docker.refused === 'other') throw new CannotTell([{ unknown: 'unreadable', probe: 'docker info' }]);
        return { is: 'down', found: `not running${unit ? ` (${unit.activeState})` : ''}`, seen };
      },
      on: {
        answers: 'defaultRuntime',
        denied: stop('docker-socket-denied', to('form')),
        crashes: stop('cdi-spec-crashes-engine', to('form')),
        badFile: stop('docker-daemon-json-malformed', to('form')),
        flags: stop('docker-flag-conflict', to('form')),
        noDefault: stop('docker-default-runtime-broken', to('form')),
        noContainerd: stop('containerd-config-not-effective', to('form')),
        down: stop('docker-not-running', to('form')),
        cannotTell: to('form'),
      },
    }),
    defaultRuntime: check({
      title: 'Default runtime',
      question: 'Does the default runtime exist, and can it read its configuration?',
      why: {
        line: 'A default runtime whose program is gone breaks every container.',
        paragraph:
          'Where nvidia is the default runtime, each container goes through it, with or without a GPU. When the toolkit is removed, or its configuration broken, nothing starts any more.',
        mechanism:
          'dockerd lists the entry without running it; only the start of a container fails, with a fork/exec error.',
      },
      source: 'docker-default-runtime-broken; config-toml-invalid; low-level-runtime-not-found',
      probes: ['docker', 'runtimePath', 'config', 'configPaths', 'toolkit'],
      decide: f => {
        const info = daemonOf(f.docker);
        if (info?.defaultRuntime !== 'nvidia') return { is: 'fine', found: info?.defaultRuntime ?? '' };
        if (need(f.runtimePath.exists) === false)
          return {
            is: 'broken',
            found: 'default runtime nvidia, but its program is gone',
            seen: [
              { from: 'docker info', shows: `default runtime nvidia, path ${f.runtimePath.path ?? ''}: not there` },
            ],
          };
        const bad = unreadable(f) ?? unknownMode(f);
        if (bad) return { is: 'badConfig', ...bad };
        const refused = ldconfigRefused(f);
        if (refused) return { is: 'badLdconfig', ...refused };
        const none = noLowLevel(f);
        return none ? { is: 'noLowLevel', ...none } : { is: 'fine', found: 'nvidia' };
      },
      on: {
        fine: 'fileSound',
        broken: stop('docker-default-runtime-broken', 'fileSound'),
        badConfig: stop('config-toml-invalid', 'fileSound'),
        badLdconfig: stop('ldconfig-container-path-rejected', 'fileSound'),
        noLowLevel: stop('low-level-runtime-not-found', 'fileSound'),
        cannotTell: 'fileSound',
      },
    }),
    fileSound: check({
      title: 'daemon.json',
      question: 'Would the daemon start again with its file as it is now?',
      why: {
        line: 'A file broken after the start only shows at the next restart.',
        paragraph:
          'The running daemon keeps what it read. The next restart or reboot would leave the machine without Docker.',
        mechanism:
          'dockerd reads daemon.json at start and at SIGHUP; a failed reload keeps the old configuration and only writes to the journal. dockerd --validate does not see a default runtime without its entry, a runtime called runc, or a setting that the unit passes as well.',
      },
      source: 'docker-daemon-json-malformed; docker-default-runtime-broken; docker-flag-conflict; field reference 1.6',
      bears: 'advice',
      probes: ['docker', 'daemonJson'],
      decide: f => {
        if (f.daemonJson.fault !== null || f.daemonJson.invalid !== null)
          return {
            is: 'broken',
            found: 'broken on disk, the running daemon does not know yet',
            seen: [{ from: f.daemonJson.path, shows: f.daemonJson.fault ?? f.daemonJson.invalid ?? '' }],
          };
        // The engine of a context or of a user reads another file.
        const stops = daemonOf(f.docker)?.rootless ? null : noStart(f.daemonJson, f.docker);
        return stops
          ? { ...stops, found: `${stops.found}, which the next start refuses` }
          : { is: 'sound', found: need(f.daemonJson.text) === null ? 'no file, defaults apply' : 'parses' };
      },
      on: {
        sound: 'containerdSound',
        broken: risk('docker-daemon-json-malformed', 'containerdSound'),
        noDefault: risk('docker-default-runtime-broken', 'containerdSound'),
        twice: risk('docker-flag-conflict', 'containerdSound'),
        cannotTell: 'containerdSound',
      },
    }),
    containerdSound: check({
      title: 'containerd’s file',
      question: 'Would the containerd below Docker start again with its file as it is now?',
      why: {
        line: 'Docker starts no container without containerd.',
        paragraph:
          'The running containerd keeps what it read. The next restart or reboot would leave the machine without it, and so without Docker.',
        mechanism:
          'containerd reads /etc/containerd/config.toml at its start only; containerd config dump shows what that would make of it.',
      },
      source: 'containerd-config-not-effective',
      bears: 'advice',
      probes: ['containerd'],
      decide: f => {
        const fault = need(f.containerd.fault);
        return fault === null
          ? { is: 'sound', found: 'parses, or is not there' }
          : {
              is: 'broken',
              found: 'broken on disk, the running containerd does not know yet',
              seen: [{ from: fault.split(':')[0]!, shows: fault }],
            };
      },
      on: { sound: to('form'), broken: risk('containerd-config-not-effective', to('form')), cannotTell: to('form') },
    }),
  },
});

export const podman = flow({
  id: 'podman',
  title: 'Podman',
  about: 'Podman knows CDI from 4.1 on and needs no daemon.',
  start: 'version',
  nodes: {
    version: check({
      title: 'Podman',
      question: 'Does this Podman know CDI devices?',
      why: {
        line: 'Before 4.1 a CDI name is taken for a path.',
        paragraph:
          'Podman resolves CDI names itself from the spec folders. Its --gpus option did nothing for NVIDIA before 5.0.',
        mechanism: 'libpod loads the CDI cache for each start, so a new spec needs no restart.',
      },
      source: 'podman-cdi-too-old; podman-gpus-noop; field reference 1.8',
      probes: ['podman'],
      decide: f => {
        const version = need(f.podman.version) ?? '';
        const seen = [{ from: 'podman version', shows: version }];
        if (!atLeast(version, since.podmanCdi)) return { is: 'tooOld', found: version, seen };
        return atLeast(version, since.podmanGpus)
          ? { is: 'knows', found: version }
          : { is: 'onlyCdi', found: `${version}: by CDI name only, its --gpus does nothing`, seen };
      },
      on: {
        knows: 'hooks',
        onlyCdi: note('podman-gpus-noop', 'hooks'),
        tooOld: stop('podman-cdi-too-old'),
        cannotTell: 'hooks',
      },
    }),
    hooks: check({
      title: 'Podman hooks',
      question: 'Is an OCI hook of the time before CDI still active?',
      why: {
        line: 'An old hook file injects a second time, beside CDI.',
        paragraph:
          'Toolkits up to 1.14 came with a hook file for Podman. It stays active after an upgrade and can fail where CDI alone would work.',
        mechanism:
          'Podman runs every hook of its hooks.d folders that matches; the file names nvidia-container-toolkit as a prestart hook.',
      },
      source: 'podman-legacy-hook-leftover',
      bears: 'advice',
      probes: ['podman'],
      decide: f =>
        f.podman.legacyHooks.length === 0
          ? { is: 'none', found: 'none' }
          : {
              is: 'leftover',
              found: f.podman.legacyHooks.join(', '),
              seen: f.podman.legacyHooks.map(h => ({ from: h, shows: 'an NVIDIA hook beside CDI' })),
            },
      on: { none: to('form'), leftover: risk('podman-legacy-hook-leftover', to('form')), cannotTell: to('form') },
    }),
  },
});
