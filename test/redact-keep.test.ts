import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { redactor } from '../src/transcript/redact.ts';
import { KEEP } from './fixtures/keep.ts';

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
