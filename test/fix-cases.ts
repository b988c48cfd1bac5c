import { DAEMON_JSON } from '../flows/probes/docker.ts';
import { CONFIG } from '../flows/probes/toolkit.ts';
import { simBox } from '../src/sim/index.ts';
import * as workloads from '../src/sim/worlds/workloads.ts';
import { type Case, daemonJson, demo, does, edit, fresh, old, restart, root, SPEC, spec } from './fix-boxes.ts';
import { cardCases } from './fix-cases-card.ts';
import { engineCases } from './fix-cases-engine.ts';
import { hostCases } from './fix-cases-host.ts';
import { kubeCases } from './fix-cases-kube.ts';
import { operatorCases } from './fix-cases-operator.ts';
import { packageCases } from './fix-cases-packages.ts';
import { swarmCases } from './fix-cases-swarm.ts';

/** Each by what happened to the machine. */
export const cases: Readonly<Record<string, Case>> = {
  ...cardCases,
  ...kubeCases,
  ...operatorCases,
  ...packageCases,
  ...hostCases,
  ...swarmCases,
  ...engineCases,
  'seed 0: ldconfig.real on toolkit 1.14': {
    box: demo('ldconfig-real'),
    finding: 'ldconfig-path-wrong',
    offers: ['set-ldconfig-path', 'set-mode-cdi', 'align-toolkit-versions'],
  },
  'seed 0: the libnvidia-ml text, cache not rebuilt': {
    box: demo('nvml-missing-cache'),
    finding: 'nvml-lib-missing',
    offers: ['rebuild-loader-cache', 'install-driver-libraries'],
  },
  'seed 0: the libnvidia-ml text, a leftover root': {
    box: demo('nvml-missing-root'),
    finding: 'driver-root-wrong',
    offers: ['remove-driver-root'],
  },
  'seed 0: mode cdi where nobody set CDI up': {
    box: demo('cdi-mode-gpus'),
    finding: 'hook-in-nonlegacy-mode',
    offers: ['set-mode-auto', 'ask-differently'],
  },
  'seed 0: mode cdi with a spec, plain --gpus': {
    box: old(async box => {
      await spec(box, SPEC);
      await edit(box, CONFIG, t => t.replace('mode = "auto"', 'mode = "cdi"'));
    }),
    finding: 'hook-in-nonlegacy-mode',
    offers: ['set-mode-auto', 'ask-differently'],
  },
  'spec missing': { box: demo('cdi-spec-missing'), finding: 'cdi-spec-missing', offers: ['generate-cdi-spec'] },
  'spec stale': { box: demo('cdi-spec-stale'), finding: 'cdi-spec-stale', offers: ['regenerate-cdi-spec'] },
  'spec cut off': { box: demo('hook-refused-29'), finding: 'cdi-spec-malformed', offers: ['regenerate-cdi-spec'] },
  'two specs': { box: demo('spec-conflict'), finding: 'cdi-spec-conflict', offers: ['move-conflicting-cdi-spec'] },
  'spec of an uninstalled toolkit': {
    box: fresh(async box =>
      spec(box, '/var/run/cdi/nvidia.yaml', t =>
        t.replaceAll('/usr/bin/nvidia-cdi-hook', '/usr/local/nvidia/toolkit/nvidia-cdi-hook'),
      ),
    ),
    finding: 'cdi-hook-binary-missing',
    offers: ['regenerate-cdi-spec'],
  },
  'spec newer than the engine': {
    box: fresh(async box => {
      await does(box, 'mkdir', '-p', '/etc/nvidia-container-toolkit');
      await spec(box, '/var/run/cdi/nvidia.yaml', t => t.replace(/cdiVersion: .*/, 'cdiVersion: 1.9.0'));
    }),
    finding: 'cdi-version-too-new',
    offers: ['regenerate-cdi-spec', 'generate-older-cdi-spec'],
  },
  'refresh units off': {
    box: fresh(async box => {
      await daemonJson(v => ({ ...v, features: { cdi: true } }))(box);
      await does(box, 'systemctl', 'disable', '--now', 'nvidia-cdi-refresh.path', 'nvidia-cdi-refresh.service');
      await box.write('/var/run/cdi/nvidia.yaml', null, root);
    }),
    finding: 'cdi-refresh-unit-inactive',
    offers: ['enable-cdi-refresh-units', 'generate-cdi-spec'],
  },
  'spec folders of seed 0': {
    box: fresh(async box => {
      await daemonJson(v => ({ ...v, 'cdi-spec-dirs': ['/etc/cdi'] }))(box);
      await restart(box);
    }),
    finding: 'cdi-spec-dir-mismatch',
    offers: ['remove-cdi-spec-dirs', 'add-cdi-spec-dir'],
  },
  'CDI switched off on purpose, with a spec': {
    box: old(async box => {
      await spec(box, SPEC);
      await daemonJson(v => ({ ...v, features: { cdi: false, buildkit: true } }))(box);
      await restart(box);
    }),
    finding: 'cdi-disabled-in-docker',
    offers: ['enable-cdi-in-docker'],
  },
  'features.cdi without a restart': {
    box: demo('daemon-json-not-active'),
    finding: 'docker-config-not-active',
    offers: ['restart-docker'],
  },
  'runtime not registered': {
    box: demo('runtime-not-registered'),
    finding: 'docker-runtime-not-registered',
    offers: ['register-nvidia-runtime'],
  },
  'runtime registered and not loaded': {
    box: async () => {
      const box = await demo('runtime-not-registered')();
      await daemonJson(v => ({ ...v, runtimes: { nvidia: { path: 'nvidia-container-runtime' } } }))(box);
      return box;
    },
    finding: 'docker-config-not-active',
    offers: ['reload-docker', 'restart-docker'],
  },
  'runtime with a dead path': {
    box: old(async box => {
      await daemonJson(v => ({
        ...v,
        runtimes: { nvidia: { args: [], path: '/usr/local/nvidia/toolkit/nvidia-container-runtime' } },
      }))(box);
      await does(box, 'systemctl', 'reload', 'docker');
    }),
    finding: 'toolkit-binary-not-in-daemon-path',
    offers: ['set-nvidia-runtime-path'],
  },
  'default runtime without its entry': {
    box: old(async box => {
      await daemonJson(v => ({ ...v, runtimes: {}, 'default-runtime': 'nvidia' }))(box);
      await restart(box);
    }),
    finding: 'docker-default-runtime-broken',
    offers: ['add-default-runtime-entry', 'remove-default-runtime'],
  },
  'a default runtime without its entry, to be read at the next start': {
    box: old(async box => daemonJson(v => ({ ...v, runtimes: {}, 'default-runtime': 'nvidia' }))(box)),
    finding: 'docker-default-runtime-broken',
    offers: ['add-default-runtime-entry', 'remove-default-runtime'],
    isByName: true,
    comesBack: true,
  },
  'hosts given twice, to be read at the next start': {
    box: fresh(async box => daemonJson(v => ({ ...v, hosts: ['unix:///var/run/docker.sock'] }))(box)),
    finding: 'docker-flag-conflict',
    offers: ['remove-setting-given-twice'],
    isByName: true,
    comesBack: true,
  },
  'a restart for the toolkit with a file that the start refuses': {
    box: old(async box => {
      await does(box, 'mv', '/usr/bin/nvidia-container-runtime-hook', '/usr/bin/hook-aside');
      await daemonJson(v => ({ ...v, runtimes: {} }))(box);
      await restart(box);
      await does(box, 'mv', '/usr/bin/hook-aside', '/usr/bin/nvidia-container-runtime-hook');
      await daemonJson(v => ({ ...v, 'default-runtime': 'nvidia' }))(box);
    }),
    finding: 'docker-no-device-driver',
    offers: ['restart-docker-for-toolkit'],
    isByName: true,
    refused: /would not come up again: .*the default runtime has no entry/,
  },
  'hosts given twice': {
    box: old(async box => {
      await daemonJson(v => ({ ...v, hosts: ['unix:///var/run/docker.sock'] }))(box);
      await restart(box);
    }),
    finding: 'docker-flag-conflict',
    offers: ['remove-setting-given-twice'],
  },
  'daemon.json with one comma too many': {
    box: demo('daemon-json-broken'),
    finding: 'docker-daemon-json-malformed',
    offers: ['repair-daemon-json'],
  },
  'daemon.json that can be mended in several ways': {
    box: old(async box => {
      await box.write(DAEMON_JSON, '{ "runtimes": { "nvidia": { "path": nvidia-container-runtime" } }\n', root);
      await restart(box);
    }),
    finding: 'docker-daemon-json-malformed',
    offers: ['repair-daemon-json'],
    refused: /daemon\.json:1:\d+: /,
  },
  'docker stopped': { box: demo('docker-stopped'), finding: 'docker-not-running', offers: ['start-docker'] },
  'no-cgroups on a rootful engine': {
    box: old(async box => edit(box, CONFIG, t => t.replace('#no-cgroups = false', 'no-cgroups = true'))),
    finding: 'no-cgroups-true-on-rootful',
    offers: ['set-no-cgroups-false'],
  },
  'ldconfig without @': {
    box: old(async box => edit(box, CONFIG, t => t.replace('"@/sbin/ldconfig"', '"/sbin/ldconfig"'))),
    finding: 'ldconfig-container-path-rejected',
    offers: ['set-ldconfig-path'],
  },
  'config.toml with an open quote': {
    box: old(async box => edit(box, CONFIG, t => t.replace('mode = "auto"', 'mode = "auto'))),
    finding: 'config-toml-invalid',
    offers: ['repair-config-toml', 'restore-default-config-toml'],
  },
  'config.toml with a capability that does not exist': {
    box: old(async box =>
      edit(box, CONFIG, t =>
        t.replace(/^#?supported-driver-capabilities.*$/m, 'supported-driver-capabilities = "compute,utils"'),
      ),
    ),
    finding: 'config-toml-invalid',
    offers: ['remove-supported-capabilities'],
  },
  'config.toml with a switch in quotes': {
    box: old(async box => edit(box, CONFIG, t => t.replace('#no-cgroups = false', 'no-cgroups = "false"'))),
    finding: 'config-toml-invalid',
    offers: ['correct-config-value-type', 'restore-default-config-toml'],
  },
  'config.toml with one runtime that is no list': {
    box: fresh(async box => edit(box, CONFIG, t => t.replace(/runtimes = .*/, 'runtimes = "runc"'))),
    finding: 'config-toml-invalid',
    offers: ['correct-config-value-type', 'restore-default-config-toml'],
  },
  'config.toml with a mode that does not exist': {
    box: old(async box => edit(box, CONFIG, t => t.replace('mode = "auto"', 'mode = "CDI"'))),
    finding: 'config-toml-invalid',
    offers: ['set-mode-auto'],
  },
  'empty list of runtimes': {
    box: old(async box => edit(box, CONFIG, t => t.replace(/runtimes = .*/, 'runtimes = []'))),
    finding: 'low-level-runtime-not-found',
    offers: ['set-low-level-runtimes'],
  },
  'module not loaded': {
    box: demo('module-not-loaded'),
    finding: 'kernel-module-not-loaded',
    offers: ['load-nvidia-modules'],
  },
  'uvm node missing': {
    box: demo('uvm-missing'),
    finding: 'nvidia-uvm-missing',
    offers: ['create-device-nodes', 'create-device-nodes-with-ctk', 'load-uvm-at-boot'],
  },
  'control nodes missing': {
    box: old(async box => does(box, 'rm', '-f', '/dev/nvidiactl')),
    finding: 'device-nodes-missing',
    offers: ['create-device-nodes', 'create-device-nodes-with-ctk'],
  },
  'no persistence daemon': {
    box: old(async box => does(box, 'systemctl', 'disable', '--now', 'nvidia-persistenced')),
    finding: 'persistence-daemon-off',
    isByName: true,
    offers: ['enable-persistence-daemon'],
  },
  'refresh units on, and no spec': {
    box: fresh(async box => {
      await daemonJson(v => ({ ...v, features: { cdi: true } }))(box);
      await box.write('/var/run/cdi/nvidia.yaml', null, root);
    }),
    finding: 'cdi-refresh-unit-inactive',
    offers: ['run-cdi-refresh', 'generate-cdi-spec'],
  },
  'an own unit beside the shipped ones': {
    box: fresh(async box => {
      await does(box, 'mkdir', '-p', '/etc/systemd/system');
      await box.write(
        '/etc/systemd/system/nvidia-cdi-generate.service',
        '[Service]\nType=onshot\nExecStart=/usr/bin/nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml\n\n[Install]\nWantedBy=multi-user.target\n',
        root,
      );
      await does(box, 'systemctl', 'daemon-reload');
      await does(box, 'systemctl', 'enable', 'nvidia-cdi-generate.service');
    }),
    finding: 'own-generate-unit-broken',
    isByName: true,
    offers: ['replace-own-generate-unit'],
  },
  'a stale static spec that wins': {
    box: fresh(async box => {
      await spec(box, SPEC, t => t.replaceAll('580.126.09', '550.163.01'));
      await daemonJson(v => ({ ...v, 'cdi-spec-dirs': ['/var/run/cdi', '/etc/cdi'] }))(box);
      await restart(box);
    }),
    finding: 'cdi-spec-stale',
    offers: ['remove-static-cdi-spec', 'regenerate-cdi-spec'],
  },
  'Podman looks elsewhere': {
    box: fresh(async box => {
      await does(box, 'mkdir', '-p', '/etc/containers');
      await box.write('/etc/containers/containers.conf', '[engine]\ncdi_spec_dirs = ["/opt/cdi"]\n', root);
    }),
    finding: 'cdi-spec-dir-mismatch',
    offers: ['remove-podman-spec-dirs'],
  },
  'an old hook of Podman': {
    box: fresh(async box => {
      await does(box, 'mkdir', '-p', '/usr/share/containers/oci/hooks.d');
      await box.write('/usr/share/containers/oci/hooks.d/oci-nvidia-hook.json', '{"version":"1.0.0"}\n', root);
    }),
    finding: 'podman-legacy-hook-leftover',
    isByName: true,
    offers: ['move-podman-legacy-hook'],
  },
  'the toolkit came after Docker': {
    box: old(async box => {
      await daemonJson(() => ({}))(box);
      await does(box, 'mkdir', '-p', '/root');
      await does(box, 'mv', '/usr/bin/nvidia-container-runtime-hook', '/root/hook');
      await restart(box);
      for (let second = 0; second < 5; second++) await box.write('/root/clock', `${second}`, root);
      await box.write('/usr/bin/nvidia-container-runtime-hook', 'installed', { ...root, mode: 0o755 });
    }),
    finding: 'docker-no-device-driver',
    offers: ['restart-docker-for-toolkit'],
    leaves: ['docker-runtime-not-registered'],
  },
  'spec folders right in the file, wrong in the daemon': {
    box: fresh(async box => {
      await daemonJson(v => ({ ...v, 'cdi-spec-dirs': ['/etc/cdi'] }))(box);
      await restart(box);
      await daemonJson(({ 'cdi-spec-dirs': _, ...v }) => v)(box);
    }),
    finding: 'docker-config-not-active',
    offers: ['restart-docker'],
  },
  'spec folders in the file, not yet in the daemon': {
    box: fresh(async box => {
      await does(box, 'mkdir', '-p', '/opt/cdi');
      await spec(box, '/opt/cdi/nvidia.yaml');
      await box.write('/var/run/cdi/nvidia.yaml', null, root);
      await daemonJson(v => ({ ...v, 'cdi-spec-dirs': ['/opt/cdi'] }))(box);
    }),
    finding: 'docker-config-not-active',
    offers: ['restart-docker'],
    leaves: ['cdi-spec-dir-mismatch'],
  },
  'no folder to search for specs': {
    box: fresh(async box => {
      await daemonJson(v => ({ ...v, 'cdi-spec-dirs': [] }))(box);
      await restart(box);
    }),
    finding: 'cdi-spec-dir-mismatch',
    offers: ['remove-cdi-spec-dirs'],
  },
  'a runtime called runc': {
    box: old(async box => {
      await daemonJson(v => ({ ...v, runtimes: { ...(v.runtimes as object), runc: { path: 'runc' } } }))(box);
      await restart(box);
    }),
    finding: 'docker-default-runtime-broken',
    offers: ['remove-reserved-runtime'],
  },
  'features.CDI in capitals': {
    box: old(async box => {
      await spec(box, SPEC);
      await daemonJson(v => ({ ...v, features: { CDI: true } }))(box);
      await restart(box);
    }),
    finding: 'docker-config-not-active',
    isByName: true,
    offers: ['spell-daemon-json-keys'],
  },
  'a spec that crashes engines': {
    box: fresh(async box => {
      await box.write(
        '/etc/cdi/x.yaml',
        'cdiVersion: 0.5.0\nkind: x.com/d\ndevices:\n  - name: a\n    containerEdits:\n      env: [A=1]\n',
        root,
      );
      await restart(box);
    }),
    finding: 'cdi-spec-crashes-engine',
    offers: ['move-crashing-cdi-spec'],
  },
  'another ldconfig without @': {
    box: old(async box => edit(box, CONFIG, t => t.replace('"@/sbin/ldconfig"', '"/usr/sbin/ldconfig"'))),
    finding: 'ldconfig-container-path-rejected',
    offers: ['set-ldconfig-path', 'add-ldconfig-at-sign'],
  },
  'ldcache of another machine': {
    box: old(async box =>
      edit(box, CONFIG, t => t.replace('#ldcache = "/etc/ld.so.cache"', 'ldcache = "/opt/ld.so.cache"')),
    ),
    finding: 'host-ldcache-stale',
    offers: ['remove-ldcache-key'],
  },
  'path of another CLI': {
    box: old(async box =>
      edit(box, CONFIG, t =>
        t.replace('#path = "/usr/bin/nvidia-container-cli"', 'path = "/opt/nvidia-container-cli"'),
      ),
    ),
    finding: 'toolkit-binary-not-in-daemon-path',
    offers: ['remove-cli-path'],
  },
  'the runtime looks for specs elsewhere': {
    box: fresh(async box =>
      edit(box, CONFIG, t => t.replace('spec-dirs = ["/etc/cdi", "/var/run/cdi"]', 'spec-dirs = ["/opt/cdi"]')),
    ),
    finding: 'cdi-spec-dir-mismatch',
    offers: ['reset-toolkit-spec-dirs'],
  },
  nouveau: { box: demo('nouveau'), finding: 'nouveau-bound', offers: ['blacklist-nouveau'] },
  'no passthrough': {
    box: demo('vm-no-passthrough'),
    finding: 'vm-gpu-not-passed-through',
    offers: ['pass-gpu-through'],
  },
  'seed 1: its two units on toolkit 1.17': {
    box: async () => simBox(workloads.seedUnits()),
    finding: 'own-generate-unit-broken',
    isByName: true,
    offers: ['rewrite-own-generate-unit', 'remove-boot-setup-unit', 'correct-own-generate-unit'],
  },
  'an own unit with a typing error': {
    box: async () => simBox(workloads.brokenUnit()),
    finding: 'own-generate-unit-broken',
    isByName: true,
    offers: ['rewrite-own-generate-unit', 'correct-own-generate-unit'],
  },
  'a container that lost its devices': {
    box: async () => simBox(workloads.lostDevices()),
    container: 'train-42',
    finding: 'cgroup-lost-after-daemon-reload',
    offers: ['restart-this-container', 'ask-differently'],
  },
  'a container that started before the node was made': {
    box: async () => simBox(workloads.early()),
    container: 'train-42',
    finding: 'nvidia-uvm-missing',
    offers: ['restart-early-container'],
  },
  'SELinux keeps containers from the nodes': {
    box: async () => simBox(workloads.selinux()),
    container: 'train-42',
    finding: 'selinux-denied',
    offers: ['allow-gpu-nodes-in-selinux'],
  },
  'features of Docker that nvidia-ctk dropped': {
    box: fresh(async box => {
      await box.write('/etc/docker/daemon.json.bak', '{ "features": { "containerd-snapshotter": true } }\n', root);
      await daemonJson(v => ({ ...v, features: { cdi: true } }))(box);
      await restart(box);
    }),
    finding: 'docker-features-overwritten',
    isByName: true,
    offers: ['restore-docker-features', 'merge-docker-features'],
  },
  'settings of the toolkit that an upgrade commented out': {
    box: old(async box =>
      box.write(
        `${CONFIG}.dpkg-old`,
        '[nvidia-container-runtime]\ndebug = "/var/log/nvidia-container-runtime.log"\n',
        root,
      ),
    ),
    finding: 'config-toml-reverted-by-upgrade',
    isByName: true,
    offers: ['restore-toolkit-settings'],
  },
};
