import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { redactor } from '../src/transcript/redact.ts';

/** What a reader of a ticket needs; none of it says whose machine it is. */
const KEEP: readonly string[] = [
  '580.126.09',
  'NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.126.09  Tue Nov  4 00:00:00 UTC 2025',
  'GCC version:  gcc version 12.2.0 (Debian 12.2.0-14+deb12u1)',
  '6.18.44-generic',
  '5.15.0-105-generic #115-Ubuntu SMP',
  'Docker version 29.7.2, build a7dcaa6',
  'NVIDIA Container Toolkit CLI version 1.17.8',
  'cli-version: 1.17.0~rc1',
  'runc version 1.4.3',
  'commit: f0c382c8889507a77c977b82d7e9beba790959d9',
  'go: go1.26.11',
  'libcudnn8 8.9.7.29-1+cuda12.2',
  'nvidia-cudnn-cu12==8.9.7.29',
  'libnccl.so.2.18.3.1',
  'libcurand 10.3.5.147',
  'nvidia-curand-cu12 10.3.5.147',
  'VBIOS Version                         : 96.02.26.00.01',
  'Image Version                     : G001.0000.03.03',
  'CUDA Version: 13.0',
  '0000:01:00.0',
  '00000000:01:00.0',
  '01:00.0 VGA compatible controller [0300]: NVIDIA Corporation AD103 [GeForce RTX 4070 Ti SUPER] [10de:2705] (rev a1)',
  'Subsystem: eVga.com. Corp. Device [3842:16fa]',
  '/sys/bus/pci/devices/0000:01:00.0/vendor',
  'Bus Location:   00000000:01:00.0',
  'pci 0000:01:00.0: BAR 1 [mem 0xe0000000-0xefffffff 64bit pref]: assigned',
  'crw-rw-rw- 1 root root 195, 254 Nov 22 04:54 /dev/nvidia-modeset',
  'crw-rw-rw- 1 root video 195, 0 Nov 22 04:54 /dev/nvidia0',
  'lrwxrwxrwx 1 root root 26 Nov 22 04:54 /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1 -> libnvidia-ml.so.580.126.09',
  '-rwxr-xr-x 1 root root 988168 Jun 29 21:37 /sbin/ldconfig',
  'major: 195',
  'fileMode: 438',
  '195 nvidia-frontend',
  'libnvidia-ml.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libnvidia-ml.so.1',
  'libcuda.so.580.126.09',
  'libEGL_nvidia.so.550.163.01',
  'libnvidia-ml.so.1: cannot open shared object file: no such file or directory',
  "235 libs found in cache `/etc/ld.so.cache'",
  'ldconfig = "@/sbin/ldconfig"',
  'ldconfig = "@/sbin/ldconfig.real"',
  '/sbin/ldconfig.real: No such file or directory',
  '/etc/cdi/nvidia.yaml',
  '/var/run/cdi/nvidia.yaml',
  '/etc/docker/daemon.json',
  '/etc/nvidia-container-runtime/config.toml',
  '/usr/lib/x86_64-linux-gnu/libcuda.so.1',
  '/usr/lib/aarch64-linux-gnu/tegra/libcuda.so',
  '/run/nvidia/driver',
  '/proc/driver/nvidia/gpus/0000:01:00.0/information',
  '/lib/systemd/system/nvidia-cdi-refresh.service',
  '/etc/systemd/system/docker.service.d/rig.conf',
  '/root/.docker/config.json',
  '/etc/apt/sources.list.d/nvidia-container-toolkit.list',
  '/run/user/1000/docker.sock',
  'nvidia.com/gpu=all',
  'nvidia.com/gpu=0',
  'management.nvidia.com/gpu=all',
  'runtime.nvidia.com/gpu=all',
  'cdi.k8s.io/nvidia-device-plugin',
  'unresolvable CDI devices nvidia.com/gpu=all',
  'CDI --device is not supported: no CDI devices found',
  'kind: nvidia.com/gpu',
  'cdiVersion: 0.5.0',
  'docker.service',
  'nvidia-persistenced.service',
  'nvidia-cdi-refresh.path',
  'user@1000.service',
  'getty@tty1.service: Succeeded.',
  'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].',
  'nvidia-container-cli: initialization error: nvml error: driver not loaded: unknown.',
  'Failed to initialize NVML: Driver/library version mismatch',
  'NVML library version: 580.126',
  'OCI runtime create failed: container_linux.go:380: starting container process caused: process_linux.go:545: container init caused',
  "stderr: Auto-detected mode as 'legacy'",
  "unable to configure as it is invalid: invalid character '}' looking for beginning of object key string",
  'failed to fetch anonymous token: unexpected status: 403 Forbidden',
  'unexpected token: STRING at line 4',
  'Bearer authentication failed',
  'basic authentication is required',
  'Enter password: ',
  'password: incorrect',
  'time="2026-11-22T04:54:27.380254184Z" level=info msg="Loading containers: done."',
  'Sun Nov 22 04:54:28 2026',
  'I1122 04:54:28.190079 128098 nvc.c:396] initializing library context (version=1.17.0, build=63d366e)',
  '2026-11-22T04:54:28Z',
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04',
  'nvcr.io/nvidia/pytorch@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'ghcr.io/open-webui/open-webui:main',
  'docker.io/library/debian:trixie',
  'registry-1.docker.io/v2/',
  'https://index.docker.io/v1/',
  'quay.io/podman/stable',
  'registry.k8s.io/pause:3.9',
  'nvidia/cuda:12.4.1-base',
  'localhost/debian:trixie',
  'localhost:5000/app:1',
  'debian:trixie',
  'https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html',
  'https://nvidia.github.io/libnvidia-container/stable/deb/nvidia-container-toolkit.list',
  'https://download.docker.com/linux/ubuntu',
  'github.com/containerd/containerd/v2 v2.3.4 db8809540e1a7a9da5d518876894933ff55692ab',
  '127.0.0.1',
  '127.0.0.53:53',
  '0.0.0.0:8080->80/tcp',
  '[::1]:631',
  '0::/user.slice/user-1000.slice/session-3.scope',
  'inet6 :: scope global',
  'mode = "auto"',
  'mode = "cdi"',
  'log-level = "info"',
  '#user = "root:video"',
  'runtimes = ["runc", "crun"]',
  'NVIDIA_VISIBLE_DEVICES=all',
  'NVIDIA_DRIVER_CAPABILITIES=compute,utility',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
  'PWD=/root',
  'TOKENIZERS_PARALLELISM=false',
  'max_tokens=4096',
  'POSTGRES_PASSWORD_FILE=/run/secrets/db',
  ['API_KEY=$', '{API_KEY}'].join(''),
  'DB_PASSWORD=$DB_PASSWORD',
  'PASSWORD=',
  'secrets:',
  'secretName: registry',
  'imagePullSecrets: []',
  '"Authorization":null,"Log":null',
  'ssl_certificate_key /etc/ssl/private/key.pem',
  'docker login --password-stdin',
  'docker build --secret id=npmrc,src=.npmrc .',
  'docker run --rm -p 8080:80 --gpus all nvidia/cuda:12.4.1-base nvidia-smi -L',
  'deploy.resources.reservations.devices[0].capabilities: [gpu]',
  'io.containerd.grpc.v1.cri',
  "[plugins.'io.containerd.transfer.v1.local']",
  'com.docker.compose.project.working_dir',
  'org.opencontainers.image.version',
  'plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options',
  'uid=0(root) gid=0(root) groups=0(root),999(docker),44(video)',
  'Kernel driver in use: nvidia',
  'nvidia_uvm           4096000  0',
  'GPU 0: NVIDIA GeForce RTX 4070 Ti SUPER',
  'Serial Number                         : N/A',
  'Serial Number                         : 0',
  'GPU-00000000-0000-0000-0000-000000000000: unknown device',
  'ether 00:00:00:00:00:00',
  'git@github.com:NVIDIA/nvidia-container-toolkit.git',
  'daemon.json features.cdi config.toml compose.yaml nvc.c:396 rc.local',
  'torch.cuda.is_available()',
  'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 252.00 MiB.',
  'task-scheduler-disk-by-uuid-something-quite-long',
  '/home/ubuntu/app',
  'exit status 125',
];

describe('redact: what stays', () => {
  it(`keeps ${KEEP.length} strings of the field as they are`, () => {
    assert.ok(KEEP.length >= 100);
    for (const text of KEEP) assert.equal(redactor({ hostname: 'gpu-07', users: ['alice'] }).text(text), text);
    const all = KEEP.join('\n');
    assert.equal(redactor({ hostname: 'gpu-07', users: ['alice'] }).text(all), all);
  });

  it('keeps argument vectors of the field', () => {
    for (const argv of [
      [
        'docker',
        'run',
        '--rm',
        '--runtime=nvidia',
        '-e',
        'NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=all',
        'debian:trixie',
        'nvidia-smi',
        '-L',
      ],
      ['nvidia-smi', '--query-gpu=index,uuid,name,driver_version', '--format=csv,noheader'],
      ['docker', 'info', '--format', '{{json .}}'],
      ['nvidia-ctk', 'cdi', 'generate', '--output=/etc/cdi/nvidia.yaml'],
      ['ldconfig', '-p', '-C', '/etc/ld.so.cache'],
    ])
      assert.deepEqual(redactor().argv(argv), argv);
  });
});

describe('redact: stand-ins', () => {
  it('gives the same name the same stand-in in every place and form', () => {
    const redact = redactor({ hostname: 'gpu-07', users: ['alice'] });
    const id = '8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3';
    assert.equal(redact.text(`GPU 0: X (UUID: GPU-${id})`), 'GPU 0: X (UUID: GPU-uuid-1)');
    assert.deepEqual(redact.argv(['nvidia-smi', '-i', `GPU-${id}`]), ['nvidia-smi', '-i', 'GPU-uuid-1']);
    assert.equal(redact.text(`nvidia.com/gpu=GPU-${id.toUpperCase()}`), 'nvidia.com/gpu=GPU-uuid-1');
    assert.equal(redact.text('alice@gpu-07:~$ ls'), 'user-1@host-1:~$ ls');
    assert.equal(redact.path('/home/alice/app/compose.yaml'), '/home/user-1/app/compose.yaml');
    assert.equal(redact.text('Linux gpu-07 6.1.0-18-amd64 #1 SMP'), 'Linux host-1 6.1.0-18-amd64 #1 SMP');
    assert.equal(redact.text('Nov 22 04:54:28 gpu-07 dockerd[1]: up'), 'Nov 22 04:54:28 host-1 dockerd[1]: up');
    assert.equal(redact.text('the box gpu-07 of Alice'), 'the box host-1 of user-1');
  });

  const forms: readonly [string, string, string][] = [
    ['home', 'open /home/berta/x', 'open /home/user-1/x'],
    ['login', 'ssh berta@node17: no route', 'ssh user-1@host-1: no route'],
    [
      'id',
      'uid=1000(berta) gid=1000(berta) groups=1000(berta),27(sudo)',
      'uid=1000(user-1) gid=1000(user-1) groups=1000(user-1),27(sudo)',
    ],
    ['owner', 'drwxr-xr-x 2 berta berta 4096 Nov 22 04:54 x', 'drwxr-xr-x 2 user-1 user-1 4096 Nov 22 04:54 x'],
    ['fqdn', 'lookup node17.lab.acme.com on x', 'lookup host-1 on x'],
    ['internal', 'dial tcp: lookup build.acme.internal: no such host', 'dial tcp: lookup host-1: no such host'],
    ['registry', 'pull registry.acme.com:5000/team/app:1.2', 'pull registry-1:5000/team/app:1.2'],
    ['short registry', 'pull harbor7:5000/team/app:1.2', 'pull registry-1:5000/team/app:1.2'],
    ['url', 'Get "https://node17:6443/api": refused', 'Get "https://host-1:6443/api": refused'],
    ['ipv4', '10.20.30.40:2376 and 10.20.30.0/24', 'ip-1:2376 and ip-2/24'],
    ['ipv6', 'fe80::1ff:fe23:4567:890a and 2001:db8::1', 'ip6-1 and ip6-2'],
    ['full ipv6', '2001:db8:0:0:1:2:3:4', 'ip6-1'],
    ['mac', 'link/ether 52:54:00:ab:cd:ef brd ff:ff:ff:ff:ff:ff', 'link/ether mac-1 brd ff:ff:ff:ff:ff:ff'],
    ['mig', 'MIG-GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3/1/0', 'MIG-GPU-uuid-1/1/0'],
    [
      'serial',
      'Serial Number                         : 1320921012345',
      'Serial Number                         : serial-1',
    ],
    ['serial xml', '<serial>1320921012345</serial>', '<serial>serial-1</serial>'],
    ['machine id', 'Machine ID: 4e6b070ea92f4245a51e1c7f765efbc8', 'Machine ID: machine-1'],
    ['email', 'Maintainer <berta.b@acme.de>', 'Maintainer <email-1>'],
    ['hostname', '   Static hostname: node17', '   Static hostname: host-1'],
    ['ssh log', 'Failed password for berta from 10.0.0.9 port 22', 'Failed password for user-1 from ip-1 port 22'],
    ['hosts file', '10.1.2.3 worker-3 worker-3.acme.net', 'ip-1 host-2 host-1'],
    ['Windows home', 'C:\\Users\\berta\\x and /mnt/c/Users/berta/y', 'C:\\Users\\user-1\\x and /mnt/c/Users/user-1/y'],
    ['engine name', '"Name":"worker-3","Labels":[]', '"Name":"host-1","Labels":[]'],
    ['image of an odd registry', 'image: reg.acme.zone/team/app:1', 'image: registry-1/team/app:1'],
    ['insecure registry', '"insecure-registries": ["reg7:5000"]', '"insecure-registries": ["registry-1:5000"]'],
    ['disk', '/dev/disk/by-id/nvme-Samsung_SSD_970_S4EWNX0R123456', '/dev/disk/by-id/nvme-Samsung_SSD_970_serial-1'],
    ['cloud', 'ip-172-31-5-9.ec2.internal up', 'host-1 up'],
    ['disk', 'UUID=3a24c020-f9b3-45da-baa1-d1768267ff33 / ext4', 'UUID=uuid-1 / ext4'],
  ];
  for (const [name, before, after] of forms)
    it(`replaces ${name}`, () => {
      assert.equal(redactor().text(before), after);
    });

  it('learns names on the way and uses them from then on', () => {
    const redact = redactor();
    redact.text('/home/berta/x');
    assert.equal(redact.text('owned by berta, group berta'), 'owned by user-1, group user-1');
    redact.learn({ hostname: 'node17' });
    assert.equal(redact.text('node17 is up'), 'host-1 is up');
    assert.equal(redactor({ home: '/srv/people/berta' }).text('/srv/people/berta/x'), '/home/user-1/x');
  });

  it('leaves words alone that happen to be a machine name everybody has', () => {
    assert.equal(redactor({ hostname: 'nvidia', users: ['docker'] }).text('nvidia docker cuda'), 'nvidia docker cuda');
  });
});

describe('redact: any input', () => {
  const piece = fc.oneof(
    fc.constantFrom(...KEEP),
    fc.constantFrom(
      'password: ',
      'TOKEN=',
      '--secret ',
      '"api_key": "',
      'Authorization: Bearer ',
      'alice@',
      '/home/bo',
      'https://u:p@h.acme.com/',
      '\n',
      '"',
      '\\"',
      ' ',
      '10.0.0.7',
      'fe80::1',
      '[removed: token]',
      'user-1',
      ': |\n  ',
      "'",
      'ENV A_KEY ',
    ),
    fc.string({ maxLength: 12 }),
    fc.stringMatching(/^[a-z0-9_.:@/-]{1,20}$/),
  );
  const text = fc.array(piece, { maxLength: 12 }).map(parts => parts.join(''));

  it('changes nothing more when applied twice, with the same memory or a new one', () => {
    fc.assert(
      fc.property(text, input => {
        const redact = redactor({ hostname: 'gpu-07' });
        const once = redact.text(input);
        assert.equal(redact.text(once), once);
        assert.equal(redactor({ hostname: 'gpu-07' }).text(once).replace(/-\d+/g, ''), once.replace(/-\d+/g, ''));
      }),
      { numRuns: 1200, seed: 3 },
    );
  });

  const shapes = [
    'a',
    ' ',
    '-',
    '.',
    ':',
    '"',
    '\\',
    '=',
    '@',
    '/',
    '\n',
    '0',
    'f:',
    ':f',
    'a.',
    'a-',
    'a=',
    'a:',
    'a@',
    '1.',
    '://',
    'a://',
    'eyJ',
    'eyJ-',
    'eyJ.',
    'password',
    'password=',
    'password="',
    'password=\\"',
    'token ',
    '--token ',
    'key: |\n',
    'name=a_key value="',
    'name ',
    '-----BEGIN PRIVATE KEY-----',
    '<a>',
    '<password>',
    'user x password ',
    'sk-',
    'AKIA',
    'SG.',
    '/home/',
    'a.com/',
    'x login -p ',
    'Bearer ',
    'serial ',
    'Jan 01 00:00:00 a ',
    'uid=1(',
    'the password is ',
    'cookie: ',
    '\t:',
    'token: [{',
    'cookie: a"',
    "secret='{",
  ];
  it('takes linear time on a megabyte of one shape after another', { timeout: 120_000 }, () => {
    for (const [i, shape] of shapes.entries()) {
      // The rest are shorter only to save time; what is quadratic would still not end at this length.
      const size = i % 3 === 0 || shape.length > 5 ? 1_000_000 : 300_000;
      const input = shape.repeat(Math.ceil(size / shape.length));
      assert.equal(typeof redactor({ hostname: 'gpu-07' }).text(input), 'string');
    }
  });
});
