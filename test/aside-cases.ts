/** What was done to a recorded machine and its container, and the verdict that must be met. */
import { CONTAINER_TEMPLATE, IMAGE_TEMPLATE } from '../flows/probes/container-record.ts';
import { DRIVER_FILES } from '../flows/probes/inside.ts';
import { answer, cdi, gpusAll, NAME, once, type Setup, withContainer } from './container-box.ts';
import type { Edit } from './edited.ts';
import { noSpec } from './verdicts/words.ts';

const on = (base: string, s: Setup = {}, change: (b: Edit) => Edit = b => b) => change(withContainer(base, s));
export const box = (s: Setup = {}, change: (b: Edit) => Edit = b => b) => on('healthy@new', s, change);
const env = (...e: string[]) => ({ env: e });
const nvidia = (...e: string[]): Setup => ({ record: { runtime: 'nvidia', requests: null }, env: e });
const UUID = 'GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3';
const bind = (source: string, place = source) => ({ binds: [`${source}:${place}:ro`] });
const LIB = '/usr/lib/x86_64-linux-gnu';
const plain = (name: string) => [`-rw-r--r-- 1 root root 1923 Nov  1 2025 ${LIB}/${name}`];
const forget = (b: Edit) => {
  b.draft.commands = b.draft.commands.filter(c => !c.argv.join(' ').startsWith('docker container inspect'));
  return b;
};
const without = (part: string) => (b: Edit) => {
  b.draft.commands = b.draft.commands.filter(c => !c.argv.join(' ').includes(part));
  return b;
};
const LISTS = '/etc/apt/sources.list.d';
const SOURCE =
  'deb [signed-by=/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg] https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH) /';
const CONFIG = '/etc/nvidia-container-runtime/config.toml';
export const ended = (log: string, more: Setup = {}): Setup => ({
  ...more,
  log,
  record: { status: 'exited', exitCode: 1, ...more.record },
});
const refused = (error: string, requests: unknown = gpusAll): Setup => ({
  record: { status: 'created', error, startedAt: '0001-01-01T00:00:00Z', requests },
});
const TASK = 'r4t6b5w8yhzq3v0m8x2k7c1r9';
const inSwarm = (b: Edit) =>
  b.info(i =>
    Object.assign(i, {
      Swarm: { NodeID: 'q3v0m8x2k7c1r9d4t6b5w8yhz', LocalNodeState: 'active', ControlAvailable: true, Nodes: 1 },
      GenericResources: null,
    }),
  );
const LISTED = '{{.ID}}|{{.Names}}|{{.State}}|{{.CreatedAt}}|{{.Label "com.docker.swarm.service.name"}}';
const listed = (b: Edit, ...rows: readonly string[]) =>
  answer(inSwarm(b), ['docker', 'ps', '-a', '--no-trunc', '--format', LISTED], rows.map(r => `${r}\n`).join(''));
const GIVEN = '[{{range .Config.Env}}{{if eq (truncate . 16) "DOCKER_RESOURCE_"}}{{json .}},{{end}}{{end}}null]';
/** The container is a task of the service that was named, with these of its variables. */
const swarmTask =
  (given: readonly string[]) =>
  (b: Edit): Edit => {
    const id = 'f00dcafe0123';
    listed(
      b,
      `0ldcafe00001|${NAME}.1.0000b5w8yhzq3v0m8x2k7c1r9|exited|2026-11-22 04:30:00 +0000 UTC|${NAME}`,
      `${id}|${NAME}.1.${TASK}|running|2026-11-22 04:40:00 +0000 UTC|${NAME}`,
      '0ther0000001|db|running|2026-11-22 04:50:00 +0000 UTC|',
    );
    const record = b.draft.commands.find(c => c.argv.includes(CONTAINER_TEMPLATE))!.stdout!;
    answer(b, ['docker', 'container', 'inspect', '--format', CONTAINER_TEMPLATE, id], record);
    return answer(b, ['docker', 'container', 'inspect', '--format', GIVEN, id], JSON.stringify([...given, null]));
  };
const withoutContainer = (b: Edit) =>
  answer(
    forget(b),
    ['docker', 'container', 'inspect', '--format', CONTAINER_TEMPLATE, NAME],
    '',
    1,
    `Error: No such container: ${NAME}`,
  );
const SERVICE = '{"resources":{{json .Spec.TaskTemplate.Resources}},"mode":{{json .Spec.Mode}}}';
/** A service that asks for what no node offers: it has no container at all. */
const waitingService = (b: Edit): Edit => {
  listed(b);
  const reserved = { GenericResources: [{ DiscreteResourceSpec: { Kind: 'NVIDIA-GPU', Value: 1 } }] };
  answer(
    b,
    ['docker', 'service', 'inspect', '--format', SERVICE, NAME],
    JSON.stringify({ resources: { Limits: {}, Reservations: reserved }, mode: { Replicated: { Replicas: 1 } } }),
  );
  const task = {
    CurrentState: 'Pending 3 minutes ago',
    DesiredState: 'Running',
    Error: '"no suitable node (insufficient resources on 1 node)"',
    ID: TASK,
    Image: 'acme/worker:1',
    Name: `${NAME}.1`,
    Node: '',
    Ports: '',
  };
  return answer(
    b,
    ['docker', 'service', 'ps', '--no-trunc', '--format', '{{json .}}', NAME],
    `${JSON.stringify(task)}\n`,
  );
};
const fellBack = (b: Edit) =>
  b.says(
    'journalctl -u docker -b -n 50 --no-pager -o cat',
    'level=warning msg="Ignoring previous errors updating spec" error="CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all"\n',
  );
const imageOnly = (b: Edit, arch = 'amd64') => {
  without('docker image inspect')(without('docker container inspect')(b));
  answer(
    b,
    ['docker', 'container', 'inspect', '--format', CONTAINER_TEMPLATE, NAME],
    '',
    1,
    `Error: No such container: ${NAME}`,
  );
  return answer(
    b,
    ['docker', 'image', 'inspect', '--format', IMAGE_TEMPLATE, NAME],
    JSON.stringify({ id: 'sha256:beef01', os: 'linux', arch, env: [null] }),
  );
};
export const throwAway = (s: Setup, imageFiles: readonly string[]) => {
  const b = withContainer(
    'healthy@new',
    { ...s, record: { status: 'exited', ...s.record } },
    once('--gpus', 'all') as never,
  );
  return answer(
    b,
    once('--runtime=runc')(['ls', '-ld', ...DRIVER_FILES]) as string[],
    imageFiles.join('\n'),
    2,
    'ls: cannot access',
  );
};
export const running =
  (...records: readonly object[]) =>
  (b: Edit) => {
    b.says(
      'docker ps --format {{json .}}',
      records.map((_, i) => JSON.stringify({ ID: `f00dcafe012${i}`, Names: `c${i}` })).join('\n'),
    );
    const base = JSON.parse(b.draft.commands.find(c => c.argv.includes(CONTAINER_TEMPLATE))!.stdout!);
    const ids = records.map((_, i) => `f00dcafe012${i}`);
    return answer(
      b,
      ['docker', 'container', 'inspect', '--format', CONTAINER_TEMPLATE, ...ids],
      records.map((r, i) => JSON.stringify({ ...base, id: ids[i], name: `/c${i}`, ...r })).join('\n'),
    );
  };
const unit = (name: string, text: string) => (b: Edit) =>
  b.says(`systemctl cat ${name}`, `# /etc/systemd/system/${name}\n${text}`);
const SEED =
  '[Unit]\nDescription=x\nAfter=multi-user.target\n\n[Service]\nType=oneshot\nExecStart=/usr/bin/nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml\n\n[Install]\nWantedBy=multi-user.target\n';
const GENERATE = 'nvidia-cdi-generate.service';
const off = (b: Edit) =>
  b
    .says('systemctl is-active nvidia-cdi-refresh.path', 'inactive\n', 3)
    .says('systemctl is-enabled nvidia-cdi-refresh.path', 'disabled\n', 1);
const active = (b: Edit) =>
  b
    .says('systemctl is-active nvidia-cdi-refresh.path', 'active\n')
    .says('systemctl is-enabled nvidia-cdi-refresh.path', 'enabled\n');

export const cases: readonly (readonly [verdict: string, box: () => Edit])[] = [
  ['container.known.container', () => box()],
  ['container.known.image', () => imageOnly(box())],
  [
    'container.known.absent',
    () =>
      without('docker image inspect')(imageOnly(box())) &&
      answer(
        without('docker image inspect')(imageOnly(box())),
        ['docker', 'image', 'inspect', '--format', IMAGE_TEMPLATE, NAME],
        '',
        1,
        'Error: No such image: app',
      ),
  ],
  ['container.known.waits', () => box({}, b => waitingService(withoutContainer(b)))],
  ['container.known.cannotTell', () => without('docker image inspect')(forget(box()))],
  ['container.asks.asks', () => box()],
  ['container.asks.byHand', () => box({ record: { requests: null, devices: [{ PathOnHost: '/dev/nvidia0' }] } })],
  ['container.asks.unset', () => box(nvidia('NVIDIA_DRIVER_CAPABILITIES=utility'))],
  ['container.asks.swarm', () => box({ record: { requests: null, name: `/${NAME}.1.${TASK}` } }, swarmTask([]))],
  // The resource came, and the runtime was told to look at another variable.
  [
    'container.asks.swarm',
    () =>
      box(
        { record: { requests: null, runtime: 'nvidia', name: `/${NAME}.1.${TASK}` } },
        swarmTask([`DOCKER_RESOURCE_NVIDIA-GPU=${UUID}`]),
      ),
  ],
  [
    'container.asks.asks',
    () =>
      box({ record: { requests: null, runtime: 'nvidia', name: `/${NAME}.1.${TASK}` } }, b =>
        swarmTask([`DOCKER_RESOURCE_NVIDIA-GPU=${UUID}`])(b).config(
          /#?swarm-resource = .*/,
          'swarm-resource = "DOCKER_RESOURCE_NVIDIA-GPU"',
        ),
      ),
  ],
  [
    'container.asks.nothing',
    () => box({ record: { requests: null, service: 'web', files: '/srv/docker-compose.yml' } }),
  ],
  ['container.asks.cannotTell', () => without('docker image inspect')(forget(box()))],
  ['container.mixed.oneKind', () => box()],
  ['container.mixed.both', () => box(nvidia('NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=0,0'))],
  [
    'container.device.exists',
    () => box({ record: { requests: [{ Driver: 'nvidia', Count: 0, DeviceIDs: [UUID], Capabilities: [['gpu']] }] } }),
  ],
  [
    'container.device.unknown',
    () => box({ record: { requests: [{ Driver: 'nvidia', Count: 0, DeviceIDs: ['3'], Capabilities: [['gpu']] }] } }),
  ],
  ['container.device.unknown', () => box(nvidia('NVIDIA_VISIBLE_DEVICES=0,0'))],
  ['container.device.cannotTell', () => box(nvidia('NVIDIA_VISIBLE_DEVICES=MIG-1'))],
  ['container.capabilities.enough', () => box()],
  ['container.capabilities.unsupported', () => on('healthy@old', env('NVIDIA_DRIVER_CAPABILITIES=compute,bogus'))],
  ['container.capabilities.missing', () => on('healthy@old', env('NVIDIA_DRIVER_CAPABILITIES=video'))],
  [
    'container.capabilities.cannotTell',
    () =>
      box(env('NVIDIA_DRIVER_CAPABILITIES=video'), b =>
        b.forget('docker info --format {{json .}}', 'docker info -f {{json .}}'),
      ),
  ],
  ['container.requirement.met', () => on('healthy@old', env('NVIDIA_REQUIRE_CUDA=cuda>=12.6'))],
  [
    'container.requirement.unmet',
    () => on('healthy@old', env('NVIDIA_REQUIRE_CUDA=cuda>=14.1 brand=tesla,driver>=470,driver<471')),
  ],
  [
    'container.requirement.unchecked',
    () => box({ record: { requests: cdi('nvidia.com/gpu=all') }, env: ['NVIDIA_REQUIRE_CUDA=cuda>=14.1'] }),
  ],
  [
    'container.requirement.cannotTell',
    () =>
      box(env('NVIDIA_REQUIRE_CUDA=cuda>=14.1'), b =>
        b.unread('/proc/driver/nvidia/version', 'EIO').unread('/sys/module/nvidia/version', 'EIO'),
      ),
  ],
  ['extras.mounts.none', () => box()],
  [
    'extras.mounts.there',
    () => box({ record: bind(`${LIB}/libcuda.so.580.126.09`) }, b => b.thing(`${LIB}/libcuda.so.580.126.09`, {})),
  ],
  [
    'extras.mounts.missing',
    () => box({ record: bind(`${LIB}/libcuda.so.550.1`) }, b => b.thing(`${LIB}/libcuda.so.550.1`, { type: 'dir' })),
  ],
  ['extras.mounts.cannotTell', () => box({ record: bind('/srv/lib/libcuda.so.550.1') })],
  ['extras.many.one', () => box()],
  ['extras.many.several', () => box({ record: { devices: [{ PathOnHost: '/dev/nvidia0' }] } })],
  ['extras.rights.fitting', () => box()],
  ['extras.rights.tooMany', () => box({ record: { privileged: true } })],
  ['extras.visibility.free', () => box(env('CUDA_VISIBLE_DEVICES=0'))],
  ['extras.visibility.hidden', () => box(env('CUDA_VISIBLE_DEVICES=2'))],
  ['extras.visibility.hidden', () => box(env('CUDA_VISIBLE_DEVICES='))],
  ['extras.paths.clean', () => box(env('LD_LIBRARY_PATH=/usr/local/cuda/lib64'))],
  ['extras.paths.stubs', () => box(env('LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs'))],
  ['extras.paths.compat', () => box(env('LD_LIBRARY_PATH=/usr/local/cuda/compat:/usr/local/lib'))],
  ['injected.state.runs', () => box()],
  ['injected.state.refused', () => box(refused('exec format error'))],
  ['injected.state.ended', () => box(ended('bye'))],
  ['injected.refusal.platform', () => box(refused('exec /usr/bin/python3: exec format error'))],
  [
    'injected.refusal.inTheWay',
    () =>
      box(refused('nvidia-container-cli: mount error: file creation failed: /x/usr/bin/nvidia-smi: is a directory')),
  ],
  ['injected.refusal.requirement', () => box(refused('requirement error: unsatisfied condition: cuda>=14.1'))],
  ['injected.refusal.noTool', () => box(refused('exec: "nvidia-smi": executable file not found in $PATH'))],
  [
    'injected.refusal.noSpec',
    () => box(refused('failed to create the automatic CDI modifier: failed to generate CDI spec for mode "auto"')),
  ],
  [
    'injected.refusal.rootless',
    () => box(refused('failed to add device rules: bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted')),
  ],
  [
    'injected.refusal.rules',
    () =>
      box(
        refused(
          "failed to call BPF_PROG_ATTACH (BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI): can't attach program: invalid argument",
        ),
      ),
  ],
  [
    'injected.refusal.namespace',
    () => box(refused('nvidia-container-cli: mount error: namespace association failed: no such process')),
  ],
  [
    'image.says.regression',
    () =>
      box(ended('Cannot load libnvidia-encode.so.1'), b =>
        b.says('nvidia-ctk --version', 'NVIDIA Container Toolkit CLI version 1.18.1\n'),
      ),
  ],
  ['hygiene.gpusForm.older', () => on('healthy@old')],
  ['hygiene.gpusForm.quiet', () => box()],
  ['hygiene.gpusForm.mended', () => box({}, fellBack)],
  ['hygiene.gpusForm.fellBack', () => box({}, b => noSpec(fellBack(b)))],
  ['hygiene.gpusForm.cannotTell', () => box({}, b => b.forget('journalctl -u docker -b -n 50 --no-pager -o cat'))],
  ['injected.refusal.other', () => box(refused('exec: "nvidia-smi": executable file not found in $PATH', null))],
  ['injected.nodes.present', () => box()],
  ['injected.nodes.notAsked', () => box({ nodes: [], record: { requests: null } })],
  [
    'injected.nodes.ignored',
    () =>
      on('healthy@old', { nodes: [] }, b =>
        b.file(CONFIG, 'accept-nvidia-visible-devices-envvar-when-unprivileged = false\n'),
      ),
  ],
  ['injected.nodes.cannotTell', () => box({ nodes: [] })],
  ['injected.nvml.answers', () => box()],
  ['injected.nvml.notNeeded', () => box({ smi: [127, 'exec: "nvidia-smi": executable file not found in $PATH'] })],
  [
    'injected.nvml.noTool',
    () => box({ smi: [127, 'exec: "nvidia-smi": executable file not found in $PATH'], cuda: null }),
  ],
  [
    'injected.nvml.noCgroups',
    () =>
      on('healthy@old', { smi: [255, 'Failed to initialize NVML: Unknown Error'] }, b =>
        b.config('#no-cgroups = false', 'no-cgroups = true'),
      ),
  ],
  ['injected.nvml.lost', () => on('healthy@old', { smi: [255, 'Failed to initialize NVML: Unknown Error'] })],
  [
    'injected.nvml.selinux',
    () =>
      box({ smi: [4, 'Failed to initialize NVML: Insufficient Permissions'] }, b =>
        b.file('/sys/fs/selinux/enforce', '1'),
      ),
  ],
  // SELinux does not confine it, so the mode of the nodes is left.
  [
    'injected.nvml.mode',
    () =>
      box(
        { record: { security: ['label=disable'] }, smi: [4, 'Failed to initialize NVML: Insufficient Permissions'] },
        b => b.file('/sys/fs/selinux/enforce', '1'),
      ),
  ],
  [
    'injected.nvml.apparmor',
    () =>
      box({ smi: [4, 'Failed to initialize NVML: Insufficient Permissions'] }, b =>
        b.says(
          'journalctl -k -b -n 200 --no-pager -o cat',
          'audit: apparmor="DENIED" operation="open" profile="mine" name="/dev/nvidiactl"\n',
        ),
      ),
  ],
  ['injected.nvml.mode', () => box({ smi: [4, 'Failed to initialize NVML: Insufficient Permissions'] })],
  [
    'injected.nvml.bundled',
    () =>
      box({
        smi: [12, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system."],
        files: plain('libnvidia-ml.so.1'),
      }),
  ],
  [
    'injected.nvml.noCache',
    () => box({ smi: [12, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system."] }),
  ],
  ['injected.nvml.cannotTell', () => box({ smi: [1, 'something new'] })],
  ['injected.cuda.proven', () => box()],
  [
    'injected.cuda.bundled',
    () => box({ cuda: { load: 'libcuda.so.1: file too short' }, files: plain('libcuda.so.1') }),
  ],
  [
    'injected.cuda.noCompute',
    () =>
      on('healthy@old', {
        env: ['NVIDIA_DRIVER_CAPABILITIES=utility'],
        cuda: { load: 'libcuda.so.1: cannot open shared object file' },
      }),
  ],
  ['injected.cuda.hidden', () => box({ env: ['CUDA_VISIBLE_DEVICES=GPU-00'], cuda: { init: 100, count: -1 } })],
  ['injected.cuda.hidden', () => box({ env: ['CUDA_VISIBLE_DEVICES=MIG-GPU-1/1/0'], cuda: { init: 0, count: 0 } })],
  [
    'injected.cuda.noUvm',
    () => on('uvm-node-missing@new', { cuda: { init: 999, count: -1 }, nodes: ['nvidia0', 'nvidiactl'] }),
  ],
  // A variable that names the one GPU hides nothing; the missing node is the cause.
  [
    'injected.cuda.early',
    () => box({ env: ['CUDA_VISIBLE_DEVICES=0'], cuda: { init: 100, count: -1 }, nodes: ['nvidia0', 'nvidiactl'] }),
  ],
  ['injected.cuda.cannotTell', () => box({ env: ['CUDA_VISIBLE_DEVICES=0'], cuda: { init: 100, count: -1 } })],
  ['injected.cuda.early', () => box({ cuda: { init: 999, count: -1 }, nodes: ['nvidia0', 'nvidiactl'] })],
  ['injected.cuda.fabric', () => box({ cuda: { init: 802, count: -1 } })],
  ['injected.cuda.compat', () => box({ cuda: { init: 803, count: -1, from: '/usr/local/cuda/compat/libcuda.so.1' } })],
  ['injected.cuda.old', () => box({ cuda: { init: 35, count: -1 } })],
  ['injected.cuda.stub', () => box({ cuda: { init: 34, count: -1 } })],
  ['injected.cuda.cannotTell', () => box({ cuda: { init: 999, count: -1 } })],
  ['image.platform.fits', () => box()],
  ['image.platform.other', () => imageOnly(box(), 'arm64')],
  ['image.platform.cannotTell', () => box({ image: null })],
  ['image.driverFiles.none', () => box()],
  ['image.driverFiles.brought', () => throwAway({}, plain('libcuda.so.1'))],
  ['image.driverFiles.cannotTell', () => box({}, without('/usr/lib64/libcuda.so.1'))],
  ['image.says.nothing', () => box()],
  ['image.says.own', () => box(ended("ModuleNotFoundError: No module named 'expert_worker'"))],
  ['image.says.own', () => box(ended('ERROR: Error loading ASGI app. Could not import module "worker.main".'))],
  ['image.says.dependency', () => box(ended("ModuleNotFoundError: No module named 'torch'"))],
  [
    'image.says.path',
    () => box({ ...ended("ModuleNotFoundError: No module named 'worker'"), env: ['PYTHONPATH=/opt/app'] }),
  ],
  [
    'image.says.libcudart',
    () => box(ended('ImportError: libcudart.so.12: cannot open shared object file: No such file or directory')),
  ],
  ['image.says.cpuOnly', () => box(ended('AssertionError: Torch not compiled with CUDA enabled'))],
  [
    'image.says.arch',
    () => box({ log: 'RuntimeError: CUDA error: no kernel image is available for execution on the device' }),
  ],
  ['image.says.busy', () => box({ log: 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB' })],
  ['image.says.stub', () => box(ended('CUDA driver is a stub library'))],
  [
    'image.says.capability',
    () => box(ended('Cannot load libnvidia-encode.so.1: libnvidia-encode.so.1: cannot open shared object file')),
  ],
  ['image.says.platform', () => box(ended('exec /usr/bin/python3: exec format error'))],
  ['image.says.cannotTell', () => box({}, without('docker logs'))],
  ['image.framework.fits', () => box({ cuda: { init: 0, count: 1, torch: '2.9.0+cu130' } })],
  ['image.framework.cpu', () => box({ cuda: { init: 0, count: 1, torch: '2.9.0+cpu' } })],
  ['image.framework.cpu', () => box({ cuda: { init: 0, count: 1, torch: '2.4.1', torch_cuda: 'None' } })],
  ['image.framework.fits', () => box({ cuda: { init: 0, count: 1, torch: '2.4.1', torch_cuda: '12.1' } })],
  ['image.framework.cpu', () => box({ cuda: { init: 0, count: 1, onnxruntime: '1.23.0' } })],
  ['image.driverFiles.notAsked', () => box(ended('bye'))],
  ['image.framework.notAsked', () => box(ended('bye'))],
  ['image.framework.cannotTell', () => box({ cuda: null })],
  ['hygiene.rights.fitting', () => box()],
  ['hygiene.rights.tooMany', () => box({}, running({ privileged: true }, {}))],
  ['hygiene.rights.cannotTell', () => box({}, b => b.forget('docker ps --format {{json .}}'))],
  ['hygiene.toolkit.none', () => box()],
  ['hygiene.toolkit.some', () => on('healthy@v114')],
  [
    'hygiene.toolkit.cannotTell',
    () =>
      box({}, b => b.forget('nvidia-ctk --version', 'nvidia-container-runtime --version', 'nvidia-cdi-hook --version')),
  ],
  ['hygiene.features.kept', () => box()],
  [
    'hygiene.features.lost',
    () =>
      box({}, b =>
        b
          .daemon({ features: { cdi: true } })
          .file('/etc/docker/daemon.json.bak', '{"features":{"containerd-snapshotter":true}}'),
      ),
  ],
  ['hygiene.reverted.kept', () => box()],
  [
    'hygiene.reverted.lost',
    () => box({}, b => b.file(`${CONFIG}.dpkg-old`, '[nvidia-container-cli]\nroot = "/run/nvidia/driver"\n')),
  ],
  ['hygiene.sources.agree', () => box({}, b => b.file(`${LISTS}/nvidia-container-toolkit.list`, `${SOURCE}\n`))],
  [
    'hygiene.sources.clash',
    () =>
      box({}, b =>
        b
          .file(`${LISTS}/nvidia-container-toolkit.list`, `${SOURCE}\n`)
          .file(
            `${LISTS}/nvidia.sources`,
            'Types: deb\nURIs: https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH)/\nSuites: /\n',
          ),
      ),
  ],
  ['hygiene.sources.cannotTell', () => box()],
  ['persistence.keeper.shipped', () => box({}, active)],
  ['persistence.keeper.own', () => box({}, b => unit(GENERATE, SEED)(off(b)))],
  ['persistence.keeper.nobody', () => box({}, off)],
  [
    'persistence.keeper.notUsed',
    () => on('healthy@old', {}, b => b.file('/etc/cdi/nvidia.yaml', null).file('/var/run/cdi/nvidia.yaml', null)),
  ],
  ['persistence.keeper.cannotTell', () => box({}, b => off(b).forget('systemctl is-active nvidia-cdi-refresh.path'))],
  ['persistence.own.none', () => box()],
  [
    'persistence.own.sound',
    () => box({}, b => unit(GENERATE, SEED.replace('After=multi-user.target', 'Before=docker.service'))(off(b))),
  ],
  ['persistence.own.broken', () => box({}, unit(GENERATE, SEED.replace('Type=oneshot', 'Type=onshot')))],
  [
    'persistence.own.broken',
    () =>
      box({}, b =>
        unit(
          GENERATE,
          SEED,
        )(b).says(
          `systemd-analyze verify ${GENERATE}`,
          '',
          1,
          `${GENERATE}: Command /opt/nvidia-ctk is not executable: No such file or directory\n`,
        ),
      ),
  ],
  ['persistence.own.redundant', () => box({}, b => unit(GENERATE, SEED)(active(b)))],
  ['persistence.own.late', () => box({}, b => unit(GENERATE, SEED)(off(b)))],
  ['persistence.setup.none', () => box()],
  [
    'persistence.setup.there',
    () => box({}, unit('docker-nvidia-setup.service', '[Service]\nExecStart=/usr/bin/nvidia-ctk runtime configure\n')),
  ],
  ['persistence.daemon.on', () => box({}, b => b.says('systemctl is-active nvidia-persistenced', 'active\n'))],
  ['persistence.daemon.off', () => box({}, b => b.says('systemctl is-active nvidia-persistenced', 'inactive\n', 3))],
  ['persistence.daemon.cannotTell', () => box({}, b => b.forget('systemctl is-active nvidia-persistenced'))],
];

/** Branches that every check must have and whose facts cannot be lacking. */
export const excused = [
  'container.mixed.cannotTell',
  'extras.many.cannotTell',
  'extras.rights.cannotTell',
  'extras.visibility.cannotTell',
  'extras.paths.cannotTell',
  'injected.state.cannotTell',
  'injected.refusal.cannotTell',
  'hygiene.features.cannotTell',
  'hygiene.reverted.cannotTell',
  'persistence.own.cannotTell',
  'persistence.setup.cannotTell',
];
