/** Machines in known bad states: the causes in order, and each way as the field reference says it behaves there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBox } from '../src/engine/report.ts';
import { type Edit, edit, recording } from './edited.ts';

const WHICH =
  'which nvidia-ctk nvidia-container-runtime nvidia-container-runtime-hook nvidia-container-cli nvidia-cdi-hook';
const sound = recording('healthy-cdi@old').files['/etc/cdi/nvidia.yaml']!;
const states: Readonly<Record<string, (n: string) => Edit>> = {
  'no permission': n =>
    edit(n)
      .says(
        'docker info --format {{json .}}',
        n.endsWith('new')
          ? ''
          : '{"ServerErrors":["permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"]}',
        1,
        'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock',
      )
      .says('id -u', '1000\n')
      .says('docker version --format {{json .}}', '{"Client":{"Version":"29"},"Server":null}', 1),
  'base only': n =>
    edit(n)
      .says(WHICH, '/usr/bin/nvidia-ctk\n/usr/bin/nvidia-container-runtime\n/usr/bin/nvidia-cdi-hook\n', 1)
      .thing('/usr/bin/nvidia-container-runtime-hook', null)
      .thing('/usr/bin/nvidia-container-cli', null)
      .absent('nvidia-container-cli -V')
      .absent('nvidia-container-runtime-hook -version'),
  'runtime path dead': n =>
    edit(n)
      .daemon({ runtimes: { nvidia: { path: '/usr/local/nvidia/toolkit/nvidia-container-runtime' } } })
      .info(i =>
        Object.assign(i, { Runtimes: { nvidia: { path: '/usr/local/nvidia/toolkit/nvidia-container-runtime' } } }),
      ),
  'script ldconfig': n =>
    edit(n)
      .config('"@/sbin/ldconfig"', '"@/usr/local/bin/ldconfig-wrap"')
      .thing('/usr/local/bin/ldconfig-wrap', { size: 80 }),
  'ldconfig gone': n => edit(n).config('"@/sbin/ldconfig"', '"@/opt/ldconfig"').dir('/opt', []),
  'accept env false': n =>
    edit(n).config(
      '#accept-nvidia-visible-devices-envvar-when-unprivileged = true',
      'accept-nvidia-visible-devices-envvar-when-unprivileged = false',
    ),
  'no-cgroups': n => edit(n).config('#no-cgroups = false', 'no-cgroups = true'),
  'mode jit-cdi': n => edit(n).config('mode = "auto"', 'mode = "jit-cdi"'),
  'mode legacy': n => edit(n).config('mode = "auto"', 'mode = "legacy"'),
  'mode CDI': n => edit(n).config('mode = "auto"', 'mode = "CDI"'),
  'mode csv': n => edit(n).config('mode = "auto"', 'mode = "csv"'),
  'spec dirs custom': n =>
    edit(n)
      .daemon({
        runtimes: { nvidia: { path: 'nvidia-container-runtime' } },
        features: { cdi: true },
        'cdi-spec-dirs': ['/opt/cdi'],
      })
      .info(i => Object.assign(i, { CDISpecDirs: ['/opt/cdi'] }))
      .dir('/opt/cdi', [])
      .file('/etc/cdi/nvidia.yaml', sound),
  'two specs': n => edit(n).file('/etc/cdi/nvidia.yaml', sound).file('/etc/cdi/nvidia2.json', sound),
  'stale etc fresh run': n =>
    edit(n).file('/etc/cdi/nvidia.yaml', recording('cdi-spec-stale@new').files['/etc/cdi/nvidia.yaml']!),
  vfio: n =>
    edit(n.replace('healthy', 'driver-not-loaded')).says(
      'lspci -Dnnk -d 10de:',
      '0000:01:00.0 VGA compatible controller [0300]: NVIDIA Corporation AD103 [10de:2705] (rev a1)\n\tKernel driver in use: vfio-pci\n',
    ),
  'nvidiactl gone': n =>
    edit(n)
      .thing('/dev/nvidiactl', null)
      .says('nvidia-smi -L', "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", 9),
  'modeset gone + spec': n => edit(n).file('/etc/cdi/nvidia.yaml', sound).thing('/dev/nvidia-modeset', null),
  'uvm gone + spec': n =>
    edit(n).file('/etc/cdi/nvidia.yaml', sound).thing('/dev/nvidia-uvm', null).thing('/dev/nvidia-uvm-tools', null),
  mismatch: n =>
    edit(n)
      .says(
        'nvidia-smi -L',
        'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.163',
        18,
      )
      .says(
        'nvidia-smi --query-gpu=name,driver_version,uuid,pci.bus_id,mig.mode.current --format=csv,noheader',
        'Failed',
        18,
      ),
  'ldcache lacks': n =>
    edit(n)
      .says('ldconfig -p', '235 libs found\n')
      .says('ldconfig -p -C /etc/ld.so.cache', '235 libs found\n')
      .says('nvidia-smi -L', "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.", 12),
  'deadly spec': n =>
    edit(n)
      .file(
        '/etc/cdi/x.yaml',
        'cdiVersion: 0.5.0\nkind: x.com/d\ndevices:\n- name: a\n  containerEdits:\n    env: [A=b]\n',
      )
      .says('podman version --format json', '', 2, 'panic: runtime error: slice bounds out of range [1:0]')
      .says('podman info --format json', '', 2, 'panic'),
  // With CDI off dockerd loads no spec, so it is stopped for another reason.
  'deadly spec, stopped': n => states['deadly spec']!(n.replace('healthy', 'docker-stopped')),
  // A context leads to another machine; what this one lacks is nobody's fault there.
  'engine elsewhere': n =>
    edit(n.replace('healthy', 'toolkit-not-installed'))
      .says('docker context show', 'far\n')
      .info(i => Object.assign(i, { KernelVersion: '5.15.0-160-generic', Name: 'far' })),
  'engine at DOCKER_HOST': n =>
    edit(n.replace('healthy', 'toolkit-not-installed')).says('printenv DOCKER_HOST', 'ssh://gpu@far\n'),
  'features.CDI': n =>
    edit(n)
      .daemon({ runtimes: { nvidia: { path: 'nvidia-container-runtime' } }, features: { CDI: true } })
      .file('/etc/cdi/nvidia.yaml', sound),
  'cdi true not restarted': n =>
    edit(n)
      .daemon({ runtimes: { nvidia: { path: 'nvidia-container-runtime' } }, features: { cdi: true } })
      .file('/etc/cdi/nvidia.yaml', sound),
  'config absent': n => edit(n).file('/etc/nvidia-container-runtime/config.toml', null),
  'default runtime nvidia': n =>
    edit(n)
      .daemon({ 'default-runtime': 'nvidia', runtimes: { nvidia: { path: 'nvidia-container-runtime' } } })
      .info(i => Object.assign(i, { DefaultRuntime: 'nvidia' })),
  yml: n => edit(n).file('/etc/cdi/nvidia.yml', sound),
  'spec too new': n => edit(n).file('/etc/cdi/nvidia.yaml', sound.replace('cdiVersion: 0.5.0', 'cdiVersion: 1.1.0')),
  'spec 0600': n => {
    const e = edit(n).file('/etc/cdi/nvidia.yaml', sound);
    e.draft.stats['/etc/cdi/nvidia.yaml'] = { ...e.draft.stats['/etc/cdi/nvidia.yaml']!, mode: '0o600' };
    return e;
  },
  'cli path wrong': n =>
    edit(n).dir('/opt', []).config('#path = "/usr/bin/nvidia-container-cli"', 'path = "/opt/nvidia-container-cli"'),
  'runtimes empty': n => edit(n).config(/runtimes = \[[^\]]*\]/, 'runtimes = []'),
  'docker later': n =>
    edit(n)
      .daemon({})
      .info(i => {
        Object.assign(i, { Runtimes: { runc: { path: 'runc' } } });
      })
      .thing('/usr/bin/nvidia-container-runtime-hook', { mtime: 4e9 })
      .thing('/usr/bin/nvidia-cdi-hook', { mtime: 4e9 }),
};

/** Faults in order; then docker --gpus, --runtime, --device, --runtime with a CDI name, podman: + works, - fails, ? cannot tell. */
const expected: Readonly<Record<string, readonly [old: string, recent: string]>> = {
  'no permission': ['docker-socket-denied -----', 'docker-socket-denied ----+'],
  'base only': ['toolkit-base-only -----', 'none +++++'],
  'runtime path dead': ['toolkit-binary-not-in-daemon-path +----', 'toolkit-binary-not-in-daemon-path +-+-+'],
  'script ldconfig': ['container-ldcache-not-updated -----', 'none +++++'],
  'ldconfig gone': ['ldconfig-path-wrong -----', 'none +++++'],
  'accept env false': ['visible-devices-ignored-unprivileged -----', 'visible-devices-ignored-unprivileged +-+-+'],
  'no-cgroups': ['no-cgroups-true-on-rootful -----', 'none +++++'],
  'mode jit-cdi': ['config-toml-invalid -----', 'none +++++'],
  'mode legacy': ['none ++---', 'none +++-+'],
  'mode CDI': ['config-toml-invalid -----', 'config-toml-invalid +-+-+'],
  'mode csv': ['hook-in-nonlegacy-mode -----', 'hook-in-nonlegacy-mode +-+-+'],
  'spec dirs custom': ['cdi-spec-dir-mismatch ++-++', 'cdi-spec-dir-mismatch ++-++'],
  'two specs': ['cdi-spec-conflict ++---', 'cdi-spec-conflict ++---'],
  'stale etc fresh run': ['cdi-spec-stale ++---', 'none +++++'],
  vfio: ['gpu-bound-to-vfio-in-guest -----', 'gpu-bound-to-vfio-in-guest -----'],
  'nvidiactl gone': ['device-nodes-missing -----', 'device-nodes-missing -----'],
  'modeset gone + spec': ['cdi-host-device-missing ++---', 'cdi-host-device-missing ++---'],
  'uvm gone + spec': ['nvidia-uvm-missing ++---', 'nvidia-uvm-missing ++---'],
  mismatch: ['driver-library-version-mismatch -----', 'driver-library-version-mismatch -----'],
  'ldcache lacks': ['host-ldcache-stale -----', 'host-ldcache-stale +-+++'],
  'deadly spec': ['cdi-spec-crashes-engine ++---', 'cdi-spec-crashes-engine ++---'],
  'deadly spec, stopped': ['docker-not-running cdi-spec-crashes-engine -----', 'cdi-spec-crashes-engine -----'],
  'engine elsewhere': ['none ????-', 'none ????-'],
  'engine at DOCKER_HOST': ['none ????-', 'none ????-'],
  'features.CDI': ['docker-config-not-active ++-++', 'none +++++'],
  'cdi true not restarted': ['docker-config-not-active ++-++', 'none +++++'],
  'config absent': ['none ++---', 'none +++++'],
  'default runtime nvidia': ['none ++---', 'none +++++'],
  yml: ['cdi-spec-malformed ++---', 'none +++++'],
  'spec too new': ['cdi-version-too-new ++---', 'none +++++'],
  'spec 0600': ['none ++-++', 'none +++++'],
  'cli path wrong': ['toolkit-binary-not-in-daemon-path -----', 'none +++++'],
  'runtimes empty': ['low-level-runtime-not-found +----', 'low-level-runtime-not-found +-+-+'],
  'docker later': [
    'docker-no-device-driver docker-runtime-not-registered -----',
    'docker-no-device-driver docker-runtime-not-registered --+-+',
  ],
};

for (const [name, make] of Object.entries(states)) {
  for (const [i, base] of ['healthy@old', 'healthy@new'].entries()) {
    test(`${name} on ${base}`, async () => {
      const report = await checkBox(make(base).box());
      const faults = report.findings.filter(f => f.severity === 'fault').map(f => f.id);
      const ways = report.ways.map(w => (w.works === null ? '?' : w.works ? '+' : '-')).join('');
      assert.equal(`${faults.join(' ') || 'none'} ${ways}`, expected[name]![i]);
    });
  }
}

test('a docker command that is Podman under another name is no Docker that could be broken', async () => {
  const box = edit('healthy@new').file('/etc/docker/daemon.json', null);
  const note = 'Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg.\n';
  box.draft.commands = box.draft.commands.map(c => {
    if (!/^docker/.test(c.argv[0]!)) return c;
    const own = c.argv.slice(1).join(' ');
    const podmans = box.draft.commands.find(p => p.argv.join(' ') === `podman ${own.split(' ')[0]} --format json`);
    return own === '--version'
      ? { argv: c.argv, code: 0, stdout: 'podman version 5.4.2\n', stderr: note, ms: 0 }
      : { argv: c.argv, code: podmans ? 0 : 125, stdout: podmans?.stdout ?? '', stderr: note, ms: 0 };
  });
  const report = await checkBox(box.box());
  assert.deepEqual([report.verdict, report.ways.map(w => w.way)], ['ok', ['podman-cdi']]);
  assert.equal(report.machine.engines.docker, undefined);
});

test('nor is one that talks to the socket of Podman', async () => {
  const server = { Version: '5.4.2', Components: [{ Name: 'Podman Engine', Version: '5.4.2' }] };
  const box = edit('healthy@new')
    .file('/etc/docker/daemon.json', null)
    .absent('dockerd --version')
    .says('docker version --format {{json .}}', JSON.stringify({ Client: { Version: '28.5.1' }, Server: server }))
    .says('docker info --format {{json .}}', JSON.stringify({ ServerVersion: '5.4.2', Runtimes: { crun: {} } }));
  const report = await checkBox(box.box());
  assert.deepEqual([report.verdict, report.ways.map(w => w.way)], ['ok', ['podman-cdi']]);
});
