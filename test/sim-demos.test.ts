/** Every demo box shows its fault, and becomes healthy when a person does what the field reference says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../src/box/box.ts';
import { simBox } from '../src/sim/box.ts';
import { demos } from '../src/sim/worlds/index.ts';

const ways = {
  gpus: 'docker run --rm --gpus all debian:trixie nvidia-smi -L',
  runtime: 'docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all debian:trixie nvidia-smi -L',
  cdi: 'docker run --rm --device nvidia.com/gpu=all debian:trixie nvidia-smi -L',
  named: 'docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=all debian:trixie nvidia-smi -L',
  podman: 'podman run --rm --device nvidia.com/gpu=all localhost/debian:trixie nvidia-smi -L',
} as const;
type Way = keyof typeof ways;

const run = async (box: Box, line: string) => box.run({ argv: line.split(' ') as [string, ...string[]] });
const does = async (box: Box, line: string): Promise<string> => {
  const ran = await run(box, line);
  assert.equal(ran.kind, 'exited', line);
  assert.ok(ran.kind === 'exited');
  assert.equal(ran.code, 0, `${line}: ${ran.stderr}`);
  return ran.stdout;
};
const open = async (name: string): Promise<Box> => simBox(await demos[name]!.load());
const works = async (box: Box, way: Way): Promise<boolean> => {
  const ran = await run(box, ways[way]);
  return ran.kind === 'exited' && ran.code === 0 && ran.stdout.startsWith('GPU 0: ');
};

interface Case {
  readonly shows: Way;
  readonly words: RegExp;
  /** Commands of the reference, or what to write where: `path <- text`. */
  readonly fix: readonly (string | readonly [string, string])[];
  readonly then: readonly Way[];
}
const ctk = 'nvidia-ctk config --in-place --set';
const generate = 'nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml';
const json =
  '{\n  "features": { "buildkit": true, "cdi": true },\n  "runtimes": { "nvidia": { "args": [], "path": "nvidia-container-runtime" } }\n}\n';

const cases: Readonly<Record<string, Case>> = {
  'ldconfig-real': {
    shows: 'gpus',
    words: /ldcache error: open failed: \/sbin\/ldconfig\.real: no such file/,
    fix: [`${ctk} nvidia-container-cli.ldconfig=@/sbin/ldconfig`],
    then: ['gpus', 'runtime'],
  },
  'nvml-missing-cache': {
    shows: 'gpus',
    words: /load library failed: libnvidia-ml\.so\.1/,
    fix: ['ldconfig'],
    then: ['gpus', 'runtime'],
  },
  'nvml-missing-root': {
    shows: 'gpus',
    words: /load library failed: libnvidia-ml\.so\.1/,
    fix: [`${ctk} nvidia-container-cli.root=`],
    then: ['gpus', 'runtime'],
  },
  'rootless-engine': {
    shows: 'gpus',
    words: /failed to add device rules: .*bpf_prog_query\(BPF_CGROUP_DEVICE\) failed: operation not permitted/,
    fix: [`${ctk} nvidia-container-cli.no-cgroups=true`],
    then: ['gpus', 'runtime'],
  },
  'cdi-mode-gpus': {
    shows: 'gpus',
    words: /Using requested mode 'cdi'[\s\S]*invoking the NVIDIA Container Runtime Hook directly/,
    fix: [`${ctk} nvidia-container-runtime.mode=auto`],
    then: ['gpus', 'runtime', 'cdi', 'named'],
  },
  'cdi-spec-missing': {
    shows: 'cdi',
    words: /unresolvable CDI devices nvidia\.com\/gpu=all/,
    fix: [generate],
    then: ['cdi', 'named', 'podman', 'gpus'],
  },
  'cdi-spec-stale': {
    shows: 'cdi',
    words: /stat \S+libEGL_nvidia\.so\.550\.163\.01: no such file/,
    fix: [generate],
    then: ['cdi', 'named', 'podman', 'gpus'],
  },
  'cdi-off': {
    shows: 'cdi',
    words: /could not select device driver "cdi" with capabilities: \[\]/,
    fix: [['/etc/docker/daemon.json', json], 'dockerd --validate', 'systemctl restart docker'],
    then: ['cdi', 'gpus'],
  },
  'daemon-json-not-active': {
    shows: 'cdi',
    words: /could not select device driver "cdi"/,
    fix: ['systemctl restart docker'],
    then: ['cdi', 'gpus', 'runtime'],
  },
  'runtime-not-registered': {
    shows: 'runtime',
    words: /unknown or invalid runtime name: nvidia/,
    fix: ['nvidia-ctk runtime configure --runtime=docker', 'systemctl reload docker'],
    then: ['runtime', 'gpus'],
  },
  'daemon-json-broken': {
    shows: 'gpus',
    words: /Cannot connect to the Docker daemon/,
    fix: [
      ['/etc/docker/daemon.json', json],
      'systemctl reset-failed docker.service docker.socket',
      'systemctl start docker',
    ],
    then: ['gpus', 'runtime'],
  },
  'docker-stopped': {
    shows: 'gpus',
    words: /Cannot connect to the Docker daemon/,
    fix: ['systemctl start docker'],
    then: ['gpus', 'runtime'],
  },
  'hook-refused-29': {
    shows: 'gpus',
    words: /invoking the NVIDIA Container Runtime Hook directly/,
    fix: ['systemctl restart nvidia-cdi-refresh.service'],
    then: ['gpus', 'runtime', 'cdi', 'named'],
  },
  'module-not-loaded': {
    shows: 'gpus',
    words: /initialization error: nvml error: driver not loaded/,
    fix: ['modprobe -a nvidia nvidia_uvm nvidia_modeset'],
    then: ['gpus', 'runtime'],
  },
  'module-blocked': {
    shows: 'gpus',
    words: /initialization error: nvml error: driver not loaded/,
    fix: [['/etc/modprobe.d/no-gpu.conf', '# nothing\n'], 'modprobe -a nvidia nvidia_uvm nvidia_modeset'],
    then: ['gpus', 'runtime'],
  },
  'mig-divided': {
    shows: 'cdi',
    words: /./,
    fix: [generate],
    then: ['cdi', 'named', 'gpus'],
  },
  'driver-slow': {
    shows: 'gpus',
    words: /initialization error: driver rpc error: timed out/,
    fix: ['systemctl enable --now nvidia-persistenced'],
    then: ['gpus', 'runtime'],
  },
  'uvm-missing': {
    shows: 'cdi',
    words: /failed to stat CDI host device "\/dev\/nvidia-uvm": no such file/,
    fix: ['nvidia-modprobe -u -c=0'],
    then: ['cdi', 'named', 'podman', 'gpus', 'runtime'],
  },
  'spec-conflict': {
    shows: 'cdi',
    words: /unresolvable CDI devices/,
    fix: ['mv /etc/cdi/nvidia-old.yaml /root/'],
    then: ['cdi', 'named', 'podman', 'gpus'],
  },
};

for (const [name, c] of Object.entries(cases)) {
  test(`${name}: shows its fault, and the reference's fix mends it`, async () => {
    const box = await open(name);
    const ran = await run(box, ways[c.shows]);
    assert.ok(ran.kind === 'exited' && ran.code !== 0, 'fails before');
    assert.match(ran.stderr, c.words);
    for (const step of c.fix) {
      if (typeof step === 'string') await does(box, step);
      else await box.write(step[0], step[1]);
    }
    for (const way of c.then) assert.ok(await works(box, way), `${way} after the fix`);
  });
}

test('what cannot be mended inside has its own picture', async () => {
  const toolkit = await open('toolkit-missing');
  assert.equal((await run(toolkit, 'nvidia-ctk --version')).kind, 'absent');
  assert.equal(await works(toolkit, 'gpus'), false);
  assert.match(await does(toolkit, 'nvidia-smi -L'), /^GPU 0/);
  const signed = await open('secure-boot');
  const rejected = await run(signed, 'modprobe nvidia');
  assert.ok(rejected.kind === 'exited' && /Key was rejected by service/.test(rejected.stderr));
  const guestWith = await open('vm-compose');
  assert.equal(await does(guestWith, 'systemd-detect-virt'), 'kvm\n');
  assert.ok(await works(guestWith, 'gpus'));
  const inside = await run(guestWith, 'docker exec ai-ai-brain-1 nvidia-smi -L');
  assert.ok(inside.kind === 'exited' && inside.code !== 0, 'its service has no GPU');
  const none = await open('no-gpu');
  assert.equal(await does(none, 'lspci -Dnn -d 10de:'), '');
  const guest = await open('vm-no-passthrough');
  assert.equal(await does(guest, 'systemd-detect-virt'), 'kvm\n');
  assert.equal(await does(guest, 'lspci -Dnn -d 10de:'), '');
  const nouveau = await open('nouveau');
  assert.match(await does(nouveau, 'lspci -Dnnk -d 10de:'), /Kernel driver in use: nouveau/);
  const refused = await run(nouveau, 'modprobe nvidia');
  assert.ok(refused.kind === 'exited' && /No such device/.test(refused.stderr));
});

test('on the healthy boxes every way works that the versions offer', async () => {
  const fresh = await open('healthy-new');
  for (const way of Object.keys(ways) as Way[]) assert.ok(await works(fresh, way), way);
  const old = await open('healthy-old');
  assert.deepEqual(
    [await works(old, 'gpus'), await works(old, 'runtime'), await works(old, 'cdi')],
    [true, true, false],
  );
});

test('half a fix does not help', async () => {
  const notActive = await open('daemon-json-not-active');
  await does(notActive, 'systemctl reload docker');
  assert.equal(await works(notActive, 'cdi'), false, 'CDI is not switched on by a reload');
  const mode = await open('cdi-mode-gpus');
  await does(mode, 'nvidia-ctk config --set nvidia-container-runtime.mode=auto');
  assert.equal(await works(mode, 'gpus'), false, 'without --in-place nothing is written');
  const off = await open('cdi-off');
  await off.write('/etc/docker/daemon.json', json);
  assert.equal(await works(off, 'cdi'), false, 'an edit alone changes nothing');
  const uvm = await open('uvm-missing');
  await does(uvm, 'nvidia-smi -L');
  assert.equal(await works(uvm, 'cdi'), false, 'nvidia-smi does not make the uvm node');
  const stopped = await open('docker-stopped');
  await stopped.write('/etc/docker/daemon.json', '{"default-runtime": "nvidia"}');
  assert.equal((await run(stopped, 'dockerd --validate')).kind, 'exited');
  const ran = await run(stopped, 'systemctl start docker');
  assert.ok(ran.kind === 'exited' && ran.code === 1 && /control process exited with error code/.test(ran.stderr));
  assert.match(
    await does(stopped, 'journalctl -u docker -n 20 --no-pager -o cat'),
    /specified default runtime 'nvidia' does not exist/,
  );
});

test('every demo is covered here and tells its story', () => {
  const told = new Set([
    ...Object.keys(cases),
    'secure-boot',
    'vm-compose',
    'toolkit-missing',
    'no-gpu',
    'vm-no-passthrough',
    'nouveau',
    'healthy-old',
    'healthy-new',
    // Nodes of a cluster have their own tests, in kubernetes.test.ts.
    'jetson-k3s',
    'jetson-workaround',
    'k3s-toolkit-late',
    'k3s-old-template',
    'crio-no-handler',
    'microk8s-generated',
    // The machine is sound; one container or unit is not, and that is shown with the flows beside the tree.
    'container-lost-gpu',
    'app-module-missing',
    'swarm-service',
    'over-privileged',
    'seed1-units',
    // Project folders that are at fault rather than the machine: files-demos.test.ts.
    'project-distributed',
    'project-ollama',
    'image-newer-cuda',
  ]);
  assert.deepEqual(
    Object.keys(demos).filter(n => !told.has(n)),
    [],
  );
  for (const d of Object.values(demos)) assert.ok(d.title.length < 90 && d.story.length > 20);
});

test('each opening is a machine of its own', async () => {
  const one = await open('cdi-mode-gpus');
  await one.write('/etc/nvidia-container-runtime/config.toml', '');
  const other = await open('cdi-mode-gpus');
  const read = await other.read('/etc/nvidia-container-runtime/config.toml');
  assert.ok(read.kind === 'file' && read.text.includes('mode = "cdi"'));
});
