/** Steps for a person where the request, a policy or a choice has to change, and the machine may stay as it is. */
import type { Fix, GuideStep } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import type { Facts } from '../probes/index.ts';
import { modeIfKnown } from '../rules/mode.ts';
import { atLeast, since } from '../rules/version.ts';
import { again, restartLater, sudo } from './guides-host.ts';
import { byHand } from './make.ts';

export const askSnap = byHand({
  id: 'ask-snap-with-runtime',
  title: 'Ask the way the Docker snap supports',
  mends: ['docker-snap'],
  privilege: 0,
  effect: ['RX'],
  source: '2.9 docker-snap; seed 0 never excludes it',
  steps: () => [
    {
      say: 'Use the nvidia runtime of the snap.',
      argv: ['docker', 'run', '--runtime=nvidia', '-e', 'NVIDIA_VISIBLE_DEVICES=all', 'IMAGE'],
    },
    {
      say: "From snap 29.2 on also remove the toolkit packages of the host, or use --gpus 'all,driver=nvidia.runtime-hook'.",
    },
    { say: 'To move to docker-ce, export images and volumes first and never purge the snap before that.' },
  ],
});

export const useSudo = byHand({
  id: 'ask-docker-as-root',
  title: 'Run it with sudo',
  mends: ['docker-socket-denied'],
  privilege: 0,
  effect: ['E0'],
  source: '2.9 docker-socket-denied',
  steps: () => [
    sudo('Look again with the rights that Docker wants.', 'gpumedic', 'check'),
    { say: 'Rootless Docker or Podman work without root.' },
    sudo(
      'Joining the group docker makes you as powerful as root here; do it only if you accept that.',
      'usermod',
      '-aG',
      'docker',
      'USER',
    ),
  ],
});
const cdiName = (f: Facts): readonly GuideStep[] =>
  atLeast(or(f.docker.serverVersion, null) ?? '0', since.dockerCdi)
    ? [
        {
          say: 'Ask by CDI name: it goes through neither hook nor runtime.',
          argv: ['docker', 'run', '--device', 'nvidia.com/gpu=all', 'IMAGE'],
        },
      ]
    : [];

/** The variable with the nvidia runtime, where that is another way: not by the same legacy CLI, and not refused. */
const byRuntime = (f: Facts): readonly GuideStep[] =>
  f.config.acceptEnv && modeIfKnown(f) !== 'legacy'
    ? [
        {
          say: 'Or by the runtime; in Compose runtime: nvidia with NVIDIA_VISIBLE_DEVICES.',
          argv: ['docker', 'run', '--runtime=nvidia', '-e', 'NVIDIA_VISIBLE_DEVICES=all', 'IMAGE'],
        },
      ]
    : [];

export const askDifferently = byHand({
  id: 'ask-differently',
  title: 'Leave the machine as it is and ask in another way',
  mends: [
    'hook-in-nonlegacy-mode',
    'visible-devices-ignored-unprivileged',
    'rootless-cgroup-denied',
    'lxc-nested-engine',
    'ldcache-process-failed',
    'cli-driver-rpc-timeout',
    'cgroup-lost-after-daemon-reload',
    'tegra-gpus-flag',
  ],
  privilege: 1,
  effect: ['RX'],
  source: '2.7 hook-in-nonlegacy-mode, second and third choice; seed 0, Fix 3, and seed 1, section 2',
  steps: f => [
    ...cdiName(f),
    { say: 'Compose 2.30 or later: devices: ["nvidia.com/gpu=all"] in the service instead of the reservation.' },
    ...byRuntime(f),
  ],
});

export const restartContainer = byHand({
  id: 'restart-the-container',
  title: 'Restart the container that lost its GPU',
  mends: ['cgroup-lost-after-daemon-reload'],
  privilege: 1,
  effect: ['RX'],
  source: '2.7 cgroup-lost-after-daemon-reload',
  steps: f => [
    { say: 'It gets its devices again.', argv: ['docker', 'restart', 'NAME'] },
    { say: 'So that it does not come back:' },
    ...cdiName(f),
  ],
});

export const acceptRequests = byHand({
  id: 'decide-about-envvar-requests',
  title: 'Decide whether containers may ask by variable',
  mends: ['visible-devices-ignored-unprivileged'],
  privilege: 4,
  effect: ['E1'],
  source: '2.7 visible-devices-ignored-unprivileged: a security setting, not flipped by a repair',
  fits: f => !f.config.acceptEnv,
  steps: () => [
    {
      say: 'On a shared machine leave it: the setting keeps ordinary containers from taking GPUs they were not given.',
    },
    {
      say: 'If this machine is yours alone, set accept-nvidia-visible-devices-envvar-when-unprivileged = true in /etc/nvidia-container-runtime/config.toml.',
    },
    again,
  ],
});

export const mergeFeatures = byHand({
  id: 'merge-docker-features',
  title: 'Put the lost Docker features back',
  mends: ['docker-features-overwritten'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 docker-features-overwritten',
  steps: f => [
    {
      say: 'Compare daemon.json with a backup; put what is missing below "features" beside "cdi".',
      argv: ['sudoedit', '/etc/docker/daemon.json'],
    },
    { say: 'Check it.', argv: ['dockerd', '--validate', '--config-file=/etc/docker/daemon.json'] },
    restartLater(f),
    again,
  ],
});

export const fixOwnUnit = byHand({
  id: 'correct-own-generate-unit',
  title: 'Correct the lines that systemd ignores',
  mends: ['own-generate-unit-broken'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 own-generate-unit-broken; seed 1, section 3',
  steps: () => [
    { say: 'See which lines are ignored.', argv: ['systemd-analyze', 'verify', 'nvidia-cdi-generate.service'] },
    sudo('Correct exactly those.', 'systemctl', 'edit', '--full', 'nvidia-cdi-generate.service'),
    sudo('Read the unit again.', 'systemctl', 'daemon-reload'),
    again,
  ],
});

const UNIT = '/etc/systemd/system/nvidia-cdi-generate.service';

export const keepCurrent = byHand({
  id: 'generate-spec-at-boot',
  title: 'Generate the spec at each boot (toolkit before 1.18)',
  mends: ['cdi-spec-missing', 'cdi-spec-stale', 'cdi-spec-stale-device-major'],
  privilege: 2,
  effect: ['E1'],
  source:
    'seed 1, section 3, with its order and folder corrected; 2.8 cdi-refresh-unit-inactive: needless from toolkit 1.18',
  fits: f => {
    const version = or(f.toolkit.version, null);
    return version !== null && !atLeast(version, since.toolkitJitCdi) && f.units.ownGenerate === null;
  },
  steps: () => [
    {
      say: `Write ${UNIT} with: [Unit] After=systemd-modules-load.service, Before=docker.service; [Service] Type=oneshot, ExecStart=/usr/bin/nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml; [Install] WantedBy=multi-user.target.`,
      argv: ['sudoedit', UNIT],
    },
    { say: 'Let systemd name every line it would ignore.', argv: ['systemd-analyze', 'verify', UNIT] },
    sudo('Switch it on.', 'systemctl', 'enable', '--now', 'nvidia-cdi-generate.service'),
    {
      say: 'It runs at boot only: after a driver update without a reboot, start it again. Toolkit 1.18 brings units that notice by themselves.',
    },
  ],
});

export const privileged = byHand({
  id: 'run-privileged-not-advised',
  title: 'Privileged, or all of /dev (advised against)',
  mends: [
    'device-node-permissions',
    'no-cgroups-true-on-rootful',
    'cgroup-lost-after-daemon-reload',
    'nvidia-uvm-missing',
  ],
  privilege: 4,
  effect: ['RX'],
  source:
    'seed 2, section 3, and seed 3, Test 4: both call it necessary; 2.4: no code asks for it, also not in a virtual machine',
  steps: () => [
    {
      say: 'It works because it switches the device rules off and shows all of /dev: the container then owns the host.',
    },
    { say: 'It repairs nothing: the cause named here stays, and each way above is smaller.' },
    {
      say: 'If a service must run until then, take it back afterwards, one item at a time, with nvidia-smi and a CUDA program in between.',
    },
  ],
});

export const requestGuides: readonly Fix[] = [
  askSnap,
  useSudo,
  askDifferently,
  restartContainer,
  acceptRequests,
  mergeFeatures,
  fixOwnUnit,
  keepCurrent,
  privileged,
];
