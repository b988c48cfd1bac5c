/** What the package managers say is read as they print it, and an installation that would do more than it should is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixById, ladder } from '../flows/fixes/index.ts';
import { aptSources } from '../flows/probes/apt.ts';
import type { Facts } from '../flows/probes/index.ts';
import { clashes, managerOf, TOOLKIT_PACKAGES } from '../flows/rules/packages.ts';
import type { Box, Ran } from '../src/box/box.ts';
import { proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { isRefusal } from '../src/plan/plan.ts';
import { simBox } from '../src/sim/index.ts';
import { healthyOld } from '../src/sim/worlds/healthy.ts';
import { demos } from '../src/sim/worlds/index.ts';

const ran = (stdout: string, code = 0, stderr = ''): Ran => ({ kind: 'exited', code, stdout, stderr });
const on = (os: string, ...family: string[]) => managerOf({ where: { os, family } } as unknown as Pick<Facts, 'where'>);
const apt = on('Ubuntu 24.04.3 LTS', 'ubuntu', 'debian')!;
const dnf = on('Rocky Linux 9.6 (Blue Onyx)', 'rocky', 'rhel', 'centos', 'fedora')!;

test('a manager for the families that are known; none where packages are layered or another one rules', () => {
  assert.deepEqual([apt.id, dnf.id], ['apt', 'dnf']);
  for (const [os, ...family] of [
    ['Fedora CoreOS 42', 'fedora'],
    ['openSUSE Leap 15.6', 'opensuse-leap', 'suse', 'opensuse'],
    ['Arch Linux', 'arch'],
    ['NixOS 25.05', 'nixos'],
    ['Alpine Linux v3.22', 'alpine'],
  ] as const)
    assert.equal(on(os, ...family), null, os);
});

test("apt's simulation: new, upgraded and removed packages", () => {
  const preview = apt.preview({
    preview: ran(
      'NOTE: This is only a simulation!\nReading package lists...\n' +
        'Remv nvidia-docker2 [2.13.0-1]\n' +
        'Inst libnvidia-container1 [1.13.5-1] (1.18.0-1 NVIDIA CORPORATION <cudatools@nvidia.com>:1.0/bionic [amd64]) []\n' +
        'Inst libnvidia-container-tools:amd64 (1.18.0-1 nvidia:1.0 [amd64])\n' +
        'Conf libnvidia-container1 (1.18.0-1 nvidia:1.0 [amd64])\n',
    ),
    installed: ran(''),
  });
  assert.deepEqual(preview, {
    kind: 'changes',
    changes: [
      { name: 'nvidia-docker2', from: '2.13.0-1', to: null },
      { name: 'libnvidia-container1', from: '1.13.5-1', to: '1.18.0-1' },
      { name: 'libnvidia-container-tools', from: null, to: '1.18.0-1' },
    ],
  });
});

test('what no source has, and what is installed all the same; trouble of apt itself is no answer', () => {
  const none = apt.preview({
    preview: ran('', 100, 'E: Unable to locate package nvidia-container-toolkit\n'),
    installed: ran('libnvidia-container1:amd64\t1.17.8-1\n', 1, 'dpkg-query: no packages found\n'),
  });
  assert.ok(none.kind === 'noSource' && none.installed.get('libnvidia-container1') === '1.17.8-1');
  const clash = apt.preview({
    preview: ran('', 100, 'E: Conflicting values set for option Signed-By\n'),
    installed: ran(''),
  });
  assert.ok(clash.kind === 'unknown' && /Signed-By/.test(clash.because));
  assert.equal(apt.preview({ preview: { kind: 'timedOut', afterMs: 1 }, installed: ran('') }).kind, 'unknown');
});

test('rpm and dnf: only what differs is changed, and a downgrade is what takes it back', () => {
  const offered = ran(TOOLKIT_PACKAGES.map(p => `${p} 1.18.0-1\n`).join('\n'));
  const preview = dnf.preview({
    installed: ran(
      'nvidia-container-toolkit 1.17.8-1\nnvidia-container-toolkit-base 1.18.0-1\nlibnvidia-container-tools 1.17.8-1\npackage libnvidia-container1 is not installed\n',
      1,
    ),
    offered,
  });
  assert.ok(preview.kind === 'changes');
  assert.deepEqual(
    preview.changes.map(c => [c.name, c.from, c.to]),
    [
      ['nvidia-container-toolkit', '1.17.8-1', '1.18.0-1'],
      ['libnvidia-container-tools', '1.17.8-1', '1.18.0-1'],
      ['libnvidia-container1', null, '1.18.0-1'],
    ],
  );
  assert.deepEqual(dnf.back(preview.changes), [
    'dnf',
    'downgrade',
    '-y',
    'nvidia-container-toolkit-1.17.8-1',
    'libnvidia-container-tools-1.17.8-1',
  ]);
  assert.equal(dnf.preview({ installed: ran('', 4), offered: ran('') }).kind, 'noSource');
  assert.equal(dnf.preview({ installed: ran('', 4), offered: ran('', 1, 'Error: no network') }).kind, 'unknown');
});

/** A box on which one command answers otherwise. */
const saying = (box: Box, program: string, answer: Ran): Box => ({
  ...box,
  run: async (command, signal) => (command.argv[0] === program ? answer : box.run(command, signal)),
});
const missing = async () => simBox(await demos['toolkit-missing']!.load());
const plan = async (box: Box, id: string, finding: string) => {
  const { facts } = (await checkBox(box)).internal;
  return proposeFix(box, fixById(id)!, facts, finding);
};

test('refused: packages beside the toolkit would change or go, a page instead of the key, no network', async () => {
  const box = await missing();
  for (const [program, answer, because] of [
    [
      'apt-get',
      ran('Inst libc6 [2.41-12] (2.42-1 Debian:13 [amd64])\nInst nvidia-container-toolkit (1.18.0-1 n [amd64])\n'),
      /libc6/,
    ],
    [
      'apt-get',
      ran('Remv docker-ce [5:29.7.2]\nInst nvidia-container-toolkit (1.18.0-1 n [amd64])\n'),
      /without docker-ce/,
    ],
    ['curl', ran('<html>please log in</html>'), /login page/],
    ['curl', ran('', 6, 'curl: (6) Could not resolve host: nvidia.github.io\n'), /resolve host/],
    ['curl', { kind: 'absent' } as const, /curl is not installed/],
  ] as const) {
    const made = await plan(saying(box, program, answer), 'install-toolkit', 'toolkit-not-installed');
    assert.ok(isRefusal(made) && because.test(made.refuse), isRefusal(made) ? made.refuse : 'a plan was made');
  }
});

test('the newest package that is offered still has a known hole: that is said, and nothing is planned', async () => {
  const box = saying(
    simBox(healthyOld()),
    'apt-get',
    ran('Inst nvidia-container-toolkit [1.14.6-1] (1.16.2-1 nvidia [amd64])\n'),
  );
  const made = await plan(box, 'align-toolkit-versions', 'toolkit-known-vulnerable');
  assert.ok(isRefusal(made) && /CVE-2025-23266/.test(made.refuse));
});

test('where no package manager is known a person is shown the steps', async () => {
  const { facts } = (await checkBox(await missing())).internal;
  const there: Facts = { ...facts, where: { ...facts.where, os: 'Arch Linux', family: ['arch'] } };
  assert.deepEqual(
    ladder('toolkit-not-installed', there).map(f => [f.id, f.by]),
    [['install-toolkit-by-hand', 'guide']],
  );
});

test('sources that clash: the same address and suite with other keys, in both formats; different ones do not', () => {
  const read = (files: Readonly<Record<string, string>>) => {
    const found = aptSources.read(
      Object.fromEntries(Object.entries(files).map(([p, text]) => [p, { kind: 'file', text } as const])),
      { aptLists: Object.keys(files) },
    );
    return Array.isArray(found) ? clashes(found) : [];
  };
  const at = 'https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH)';
  const present = { '/a/nvidia-container-toolkit.list': `deb [signed-by=/k.gpg] ${at} /\n#deb ${at} /\n` };
  assert.equal(read(present).length, 0);
  assert.equal(
    read({ ...present, '/a/old-nvidia.list': `deb ${at}/ /\n` })[0]!.kept.path,
    '/a/nvidia-container-toolkit.list',
  );
  const stanza = `Types: deb\nURIs: ${at}\nSuites: /\nSigned-By: /other.gpg\n`;
  assert.equal(read({ ...present, '/a/nvidia.sources': stanza }).length, 1);
  assert.equal(read({ ...present, '/a/nvidia.sources': `Enabled: no\n${stanza}` }).length, 0);
  assert.equal(read({ ...present, '/a/nvidia-exp.list': `deb ${at.replace('stable', 'experimental')} /\n` }).length, 0);
});
