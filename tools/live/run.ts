/**
 * `npm run live`: the built program against a real systemd, Docker, Compose and Swarm, as its user would meet them. Needs
 * root, debootstrap and gcc, and Debian's packages once. Not part of `npm test`: it is slow and changes namespaces.
 */
import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../bundle.ts';
import { boot, type LiveBox, layToolkit } from './box.ts';

const DAEMON = 'etc/docker/daemon.json';
const PLAIN = { 'storage-driver': 'vfs', iptables: false, ip6tables: false, bridge: 'none' };
const RUNTIMES = { nvidia: { args: [], path: 'nvidia-container-runtime' } };
const CDI_RUN = ['docker', 'run', '--rm', '--device', 'nvidia.com/gpu=all', 'debian:trixie', 'nvidia-smi', '-L'];

const sleep = (seconds: number): Promise<void> => new Promise(done => setTimeout(done, seconds * 1000));
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const mustRun = (box: LiveBox, ...argv: readonly string[]): string => {
  const { code, text } = box.run(argv);
  assert.equal(code, 0, `${argv.join(' ')}: ${text}`);
  return text;
};
const check = (box: LiveBox, ...words: readonly string[]) => {
  const { text } = box.gpumedic('check', '--json', ...words);
  const report = JSON.parse(text.slice(text.indexOf('{'))) as {
    readonly findings: readonly { readonly id: string; readonly severity: string }[];
    readonly ways: readonly { readonly way: string; readonly works: boolean | null }[];
  };
  return {
    faults: report.findings.filter(f => f.severity === 'fault').map(f => f.id),
    works: (way: string) => report.ways.find(w => w.way === way)?.works,
  };
};
const fix = (box: LiveBox, ...words: readonly string[]): string => {
  const { text } = box.gpumedic('fix', ...words, '--yes');
  assert.match(text, /Fixed: /, text);
  return text;
};
const undo = (box: LiveBox): void => assert.match(box.gpumedic('undo').text, /is undone/);
/** The daemon with this configuration, started as nobody would start it by hand twice a minute. */
const configured = (box: LiveBox, config: object): void => {
  box.write(DAEMON, json({ ...PLAIN, ...config }));
  box.run(['systemctl', 'reset-failed', 'docker.service', 'docker.socket']);
  box.run(['systemctl', 'restart', 'docker']);
};

/** A few programs and the C library; what else a container needs is injected. */
const importImages = (box: LiveBox): void => {
  const make = `set -e; d=$(mktemp -d); mkdir -p $d/bin $d/usr/bin $d/lib64 $d/usr/lib/x86_64-linux-gnu $d/etc $d/tmp
cp /bin/busybox $d/bin/; for a in sh ls sleep cat env true; do ln -s busybox $d/bin/$a; done
cp -L /lib64/ld-linux-x86-64.so.2 $d/lib64/; cp -L /lib/x86_64-linux-gnu/libc.so.6 $d/usr/lib/x86_64-linux-gnu/
tar -C $d -c . > /root/image.tar`;
  mustRun(box, 'sh', '-c', make);
  mustRun(box, 'docker', 'import', '/root/image.tar', 'debian:trixie');
  for (const cuda of ['13.1.0', '12.8.1']) {
    const env = [
      'NVIDIA_VISIBLE_DEVICES=all',
      `CUDA_VERSION=${cuda}`,
      `NVIDIA_REQUIRE_CUDA=cuda>=${cuda.replace(/\.\d+$/, '')}`,
    ];
    const changes = env.flatMap(e => ['-c', `ENV ${e}`]);
    mustRun(box, 'docker', 'import', ...changes, '/root/image.tar', `nvidia/cuda:${cuda}-base-ubuntu24.04`);
  }
};

const cases: readonly (readonly [what: string, run: (box: LiveBox) => Promise<void> | void])[] = [
  [
    'a toolkit that came after Docker: a reload registers the runtime, only a restart serves --gpus',
    async box => {
      configured(box, {});
      importImages(box);
      mustRun(box, 'docker', 'run', '-d', '--name', 'keep', '--restart', 'always', 'debian:trixie', 'sleep', '9999');
      await sleep(2);
      await layToolkit(box);
      assert.deepEqual(check(box).faults, ['docker-no-device-driver', 'docker-runtime-not-registered']);
      const said = fix(box);
      assert.match(said, /Not taken by --yes, because its restart stops running containers: keep/);
      assert.ok(box.run(['docker', 'run', '--rm', '--gpus', 'all', 'debian:trixie', 'true']).code !== 0);
      assert.deepEqual(check(box).faults, ['docker-no-device-driver']);
      fix(box, 'restart-docker-for-toolkit');
      assert.deepEqual(check(box).faults, []);
      mustRun(box, 'docker', 'run', '--rm', '--gpus', 'all', 'debian:trixie', 'true');
      assert.match(mustRun(box, 'docker', 'ps'), /keep/);
    },
  ],
  [
    'CDI switched on: a container gets the nodes, and an undo takes it back',
    box => {
      configured(box, { runtimes: RUNTIMES });
      fix(box, 'enable-cdi-in-docker');
      assert.match(mustRun(box, ...CDI_RUN), /GPU 0: NVIDIA/);
      assert.equal(check(box).works('docker-cdi'), true);
      undo(box);
      assert.match(box.run(CDI_RUN).text, /could not select device driver "cdi"/);
      assert.equal(check(box).works('docker-cdi'), false);
    },
  ],
  [
    'no spec, and Podman asks by CDI: generated, a container lists the GPU, and an undo takes it back',
    box => {
      configured(box, { runtimes: RUNTIMES });
      mustRun(box, 'podman', 'import', '/root/image.tar', 'debian:trixie');
      const run = ['podman', 'run', '--rm', '--network=none', '--cgroups=disabled', '--device', 'nvidia.com/gpu=all'];
      const list = [...run, 'debian:trixie', 'nvidia-smi', '-L'];
      assert.equal(check(box).works('podman-cdi'), false);
      assert.match(box.run(list).text, /unresolvable CDI devices/);
      fix(box, 'cdi-spec-missing');
      assert.equal(check(box).works('podman-cdi'), true);
      assert.match(mustRun(box, ...list), /GPU 0: NVIDIA/);
      undo(box);
      assert.match(box.run(list).text, /unresolvable CDI devices/);
    },
  ],
  [
    'killed in the middle of a restart: it is known, and an undo puts all of it back',
    async box => {
      configured(box, { runtimes: RUNTIMES });
      const before = box.read(DAEMON);
      const words = ['node', '/opt/gpumedic/gpumedic.mjs', 'fix', 'enable-cdi-in-docker', '--yes'];
      box.start(words);
      for (let left = 100; left > 0 && box.read(DAEMON) === before; left--) await sleep(0.1);
      box.run(['pkill', '-9', '-f', 'gpumedic.mjs fix']);
      await sleep(12);
      assert.match(box.gpumedic('history').text, /interrupted/);
      undo(box);
      assert.equal(box.read(DAEMON), before);
      assert.match(mustRun(box, 'docker', 'ps'), /keep/);
    },
  ],
  [
    'an option of the unit stands in the file as well: Docker starts again',
    box => {
      configured(box, { runtimes: RUNTIMES, hosts: ['unix:///var/run/docker.sock'] });
      assert.deepEqual(check(box).faults, ['docker-flag-conflict']);
      fix(box);
      assert.deepEqual(check(box).faults, []);
    },
  ],
  [
    'a file that was broken and is mended: only a start is missing',
    box => {
      box.write(DAEMON, '{ "runtimes": { "nvidia": { "path": }\n');
      box.run(['systemctl', 'restart', 'docker']);
      assert.deepEqual(check(box).faults, ['docker-daemon-json-malformed']);
      box.write(DAEMON, json({ ...PLAIN, runtimes: RUNTIMES }));
      box.run(['systemctl', 'stop', 'docker.service', 'docker.socket']);
      assert.deepEqual(check(box).faults, ['docker-not-running']);
      fix(box);
      assert.deepEqual(check(box).faults, []);
    },
  ],
  [
    'an image that wants a newer driver: another tag in the Compose file, the service made anew, and both taken back',
    box => {
      const path = 'srv/voice/compose.yml';
      box.write(
        path,
        'services:\n  voice:\n    image: nvidia/cuda:13.1.0-base-ubuntu24.04 # bumped\n    command: [sleep, infinity]\n    network_mode: none\n    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}\n',
      );
      mustRun(box, 'docker', 'compose', '-f', `/${path}`, 'up', '-d');
      const named = ['--container', 'voice-voice-1'];
      assert.deepEqual(check(box, ...named).faults, ['cuda-requirement-unsatisfied']);
      fix(box, 'change-project-file', ...named);
      assert.match(box.read(path), /12\.8\.1-base-ubuntu24\.04 # bumped/);
      assert.match(mustRun(box, 'docker', 'ps'), /cuda:12\.8\.1/);
      undo(box);
      assert.match(mustRun(box, 'docker', 'ps'), /cuda:13\.1\.0/);
      mustRun(box, 'docker', 'compose', '-f', `/${path}`, 'down', '-t', '1');
    },
  ],
  [
    'a service of Swarm: it is given a GPU of its own, and an undo takes it back',
    async box => {
      mustRun(box, 'docker', 'swarm', 'init', '--advertise-addr', '127.0.0.1');
      mustRun(box, 'docker', 'service', 'create', '--name', 'train', 'debian:trixie', 'sleep', '9999');
      assert.deepEqual(check(box, '--container', 'train').faults, ['swarm-service-no-gpu']);
      fix(box, 'teach-swarm-the-gpus', '--container', 'train');
      const variables = (): string => {
        const id = mustRun(box, 'docker', 'ps', '-q', '--filter', 'label=com.docker.swarm.service.name=train').trim();
        return mustRun(box, 'docker', 'inspect', '--format', '{{.Config.Env}} {{.HostConfig.Runtime}}', id);
      };
      assert.match(variables(), /DOCKER_RESOURCE_NVIDIA-GPU=GPU-8d1f6a52.* nvidia/);
      undo(box);
      await sleep(8);
      assert.match(variables(), /\[\] runc/);
      mustRun(box, 'docker', 'service', 'rm', 'train');
      mustRun(box, 'docker', 'swarm', 'leave', '--force');
    },
  ],
  [
    'a unit of one’s own that comes too late: written anew, read by systemd, and taken back',
    box => {
      const unit = 'etc/systemd/system/nvidia-cdi-generate.service';
      const late =
        '[Unit]\nDescription=CDI\nAfter=multi-user.target\n\n[Service]\nType=oneshot\nExecStart=/usr/bin/nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml\n\n[Install]\nWantedBy=multi-user.target\n';
      box.write(unit, late);
      mustRun(box, 'systemctl', 'daemon-reload');
      fix(box, 'own-generate-unit-broken');
      assert.match(mustRun(box, 'systemctl', 'show', 'nvidia-cdi-generate', '-p', 'Before'), /docker\.service/);
      assert.equal(mustRun(box, 'systemctl', 'is-enabled', 'nvidia-cdi-generate').trim(), 'enabled');
      undo(box);
      assert.equal(box.read(unit), late);
    },
  ],
];

if (process.getuid?.() !== 0) {
  process.stderr.write('npm run live needs root: it mounts, and starts a systemd of its own\n');
  process.exit(1);
}
await ensureBuilt();
const box = await boot(join(homedir(), '.cache/gpumedic-live'));
let failed = 0;
try {
  for (const [what, run] of cases) {
    try {
      await run(box);
      process.stdout.write(`ok  ${what}\n`);
    } catch (error) {
      failed++;
      process.stdout.write(`--  ${what}\n${String((error as Error).message).replaceAll(/^/gm, '      ')}\n`);
    }
  }
} finally {
  box.stop();
}
process.stdout.write(`${cases.length - failed} of ${cases.length}\n`);
process.exit(failed === 0 ? 0 : 1);
