/** The simulated machine as a box: what is not there is absent, what changes stays changed, and no verdict lives in it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BoxError } from '../src/box/box.ts';
import { runIn, simBox } from '../src/sim/box.ts';
import { binary, file, link, text } from '../src/sim/fs.ts';
import type { Request, World } from '../src/sim/world.ts';
import { request, running } from '../src/sim/worlds/containers.ts';
import { daemonJsonWith, machine } from '../src/sim/worlds/machine.ts';

const old = (json?: string): World =>
  machine({ name: 'old', docker: '26.1.5', toolkit: '1.17.8', ...(json ? { daemonJson: json } : {}) });
const ask = (world: World, line: string, root = false) => {
  const ran = runIn(world, { argv: line.split(' ') as [string, ...string[]], ...(root ? { root: true } : {}) });
  return ran.kind === 'exited'
    ? { kind: ran.kind, code: ran.code, text: ran.stdout + ran.stderr }
    : { kind: ran.kind, code: -1, text: '' };
};
const person = (world: World, groups: World['user']['groups']): World =>
  Object.assign(world, { user: { uid: 1000, gid: 1000, name: 'ada', groups } });

test('the simulation knows nothing of flows, findings or fixes', () => {
  const dir = join(import.meta.dirname, '../src/sim');
  const sources = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(f => f.endsWith('.ts'));
  assert.ok(sources.length > 30);
  for (const f of sources)
    for (const [, from = ''] of readFileSync(join(dir, f), 'utf8').matchAll(
      /^import .*?from '([^']+)'|^\} from '([^']+)'/gm,
    ))
      assert.doesNotMatch(
        from,
        /flows|engine|report|plan|wizard|node:(fs|child_process)|execa/,
        `${f} imports ${from}`,
      );
});

test('an unknown program is absent, an unknown use of a known one is an error of its own', () => {
  const world = old();
  for (const line of [
    'kubectl get nodes',
    'k3s --version',
    'snap list',
    'dkms status',
    'podman info',
    'python3 --version',
    '/usr/bin/nowhere',
  ])
    assert.equal(ask(world, line).kind, 'absent', line);
  for (const line of [
    'docker frobnicate',
    'docker run --frobnicate x',
    'systemctl frobnicate',
    'nvidia-ctk frobnicate',
    'nvidia-ctk cdi list --debug',
    'nvidia-smi --frobnicate',
    'nvidia-container-cli frobnicate',
    'runc start x',
  ]) {
    const got = ask(world, line);
    assert.equal(got.kind, 'exited', line);
    assert.ok(got.code > 0 && got.text.length > 0, `${line}: ${got.code}`);
  }
  file(world.fs, '/usr/local/bin/tool', '#!/bin/sh\n');
  assert.equal(ask(world, '/usr/local/bin/tool').kind, 'denied', 'not executable');
});

test('reading tells apart what is absent, a directory, binary, or not for this user', async () => {
  const world = person(old(), []);
  file(world.fs, '/etc/secret', 'x', { mode: 0o600 });
  link(world.fs, '/etc/round', '/etc/round');
  const box = simBox(world);
  assert.deepEqual(await box.read('/etc/nowhere'), { kind: 'absent' });
  assert.deepEqual(await box.read('/etc'), { kind: 'unreadable', why: 'EISDIR' });
  assert.deepEqual(await box.read('/etc/ld.so.cache'), { kind: 'unreadable', why: 'binary' });
  assert.deepEqual(await box.read('/etc/secret'), { kind: 'denied' });
  assert.deepEqual(await box.read('/etc/round'), { kind: 'unreadable', why: 'ELOOP' });
  assert.deepEqual(await box.list('/nowhere'), { kind: 'absent' });
  const stat = await box.stat('/var/run');
  assert.ok(stat.kind === 'stat' && stat.stat.type === 'link' && stat.stat.target === '/run');
  const node = await box.stat('/dev/nvidiactl');
  assert.ok(node.kind === 'stat' && node.stat.major === 195 && node.stat.minor === 255);
  const through = await box.list('/var/run');
  assert.ok(through.kind === 'dir' && through.names.includes('docker.sock'));
});

test('a write keeps mode, owner and links, and can be taken back byte for byte', async () => {
  const world = old();
  const box = simBox(world);
  file(world.fs, '/srv/real.json', '{}\r\n', { mode: 0o640, gid: 7 });
  link(world.fs, '/etc/docker/linked.json', '/srv/real.json');
  const before = await box.stat('/srv/real.json');
  await box.write('/etc/docker/linked.json', '{"a":1}');
  assert.equal(text(world.fs, '/srv/real.json'), '{"a":1}');
  assert.ok((await box.stat('/etc/docker/linked.json')).kind === 'stat');
  const after = await box.stat('/srv/real.json');
  assert.ok(before.kind === 'stat' && after.kind === 'stat');
  assert.deepEqual([after.stat.mode, after.stat.gid], [0o640, 7]);
  assert.ok(after.stat.mtime > before.stat.mtime, 'time passes');
  await box.write('/srv/real.json', '{}\r\n');
  assert.deepEqual(await box.read('/etc/docker/linked.json'), { kind: 'file', text: '{}\r\n' });
  await box.write('/srv/new.txt', 'x', { mode: 0o600 });
  await box.write('/srv/new.txt', null);
  assert.deepEqual(await box.stat('/srv/new.txt'), { kind: 'absent' });
  await assert.rejects(box.write('/nowhere/deep/x', 'x'), (e: unknown) => e instanceof BoxError && e.code === 'gone');
});

test('a person without root needs sudo for what root does, and the docker group for the socket', async () => {
  const world = person(old(), [[27, 'sudo']]);
  assert.equal(ask(world, 'systemctl restart docker').code, 1);
  assert.equal(ask(world, 'systemctl restart docker', true).code, 0);
  assert.match(ask(world, 'docker ps').text, /permission denied while trying to connect to the Docker daemon socket/);
  assert.equal(ask(world, 'docker run --rm debian:trixie true').code, 126);
  assert.equal(ask(person(old(), [[999, 'docker']]), 'docker run --rm debian:trixie true').code, 0);
  assert.equal(ask(person(old(), []), 'systemctl restart docker', true).kind, 'denied', 'not in sudoers');
  await assert.rejects(
    simBox(world).write('/etc/docker/daemon.json', '{}'),
    (e: unknown) => e instanceof BoxError && e.code === 'denied',
  );
  await simBox(world).write('/etc/docker/daemon.json', '{}', { root: true });
});

const three = (world: World): World => {
  const r = (extra: Partial<Request>): Request =>
    request('debian:trixie', { command: ['sleep', 'infinity'], ...extra });
  running(world, 'always', r({ restart: 'always' }));
  running(world, 'unless', r({ restart: 'unless-stopped' }));
  running(world, 'no', r({}));
  return world;
};
const up = (world: World): string =>
  ask(world, 'docker ps --format {{.Names}}').text.trim().split('\n').filter(Boolean).join(' ');

test('a program that hangs is reported so, and only that one', () => {
  const world = Object.assign(old(), { hangs: new Set(['nvidia-smi']) });
  assert.deepEqual(runIn(world, { argv: ['nvidia-smi', '-L'], timeoutMs: 500 }), { kind: 'timedOut', afterMs: 500 });
  assert.equal(ask(world, 'docker ps').code, 0);
});

test('a restart of Docker stops containers as their policies and live-restore say', () => {
  const plain = three(old());
  ask(plain, 'docker stop unless');
  ask(plain, 'systemctl restart docker');
  assert.equal(up(plain), 'always');
  const kept = three(old(daemonJsonWith({ 'live-restore': true })));
  ask(kept, 'systemctl restart docker');
  assert.equal(up(kept), 'always unless no');
  const late = three(old());
  file(late.fs, '/etc/docker/daemon.json', daemonJsonWith({ 'live-restore': true }));
  ask(late, 'systemctl restart docker');
  assert.equal(up(late), 'always unless', 'live-restore has to be active before');
  assert.match(ask(plain, 'docker inspect always').text, /"RestartPolicy": \{\s*"Name": "always"/);
});

test('the socket starts a stopped service, and a broken one hits the start limit', () => {
  const world = old();
  assert.match(ask(world, 'systemctl stop docker').text, /its triggering units are still active/);
  assert.equal(ask(world, 'systemctl is-active docker').text, 'inactive\n');
  assert.equal(ask(world, 'docker ps').code, 0);
  assert.equal(ask(world, 'systemctl is-active docker').text, 'active\n');
  const good = text(world.fs, '/etc/docker/daemon.json')!;
  file(world.fs, '/etc/docker/daemon.json', '{');
  ask(world, 'systemctl restart docker');
  assert.equal(ask(world, 'systemctl is-active docker').text, 'failed\n');
  assert.match(
    ask(world, 'systemctl show docker -p ActiveState,SubState,Result').text,
    /Result=exit-code\nActiveState=failed\nSubState=failed/,
  );
  assert.match(ask(world, 'docker ps').text, /Cannot connect to the Docker daemon/);
  file(world.fs, '/etc/docker/daemon.json', good);
  assert.equal(ask(world, 'systemctl start docker').code, 1, 'too soon after the failures');
  ask(world, 'systemctl reset-failed docker');
  assert.equal(ask(world, 'systemctl start docker').code, 0);
});

test('a stopped or forbidden Docker answers as the versions do', () => {
  const stop = (world: World): World => {
    ask(world, 'systemctl stop docker.socket');
    ask(world, 'systemctl stop docker');
    return world;
  };
  const a = stop(old());
  const b = stop(machine({ name: 'new', docker: '29.7.2', toolkit: '1.20.0' }));
  assert.deepEqual(
    [a, b].map(w => ask(w, 'docker info --format {{.ServerVersion}}').code),
    [0, 1],
  );
  assert.deepEqual(
    [a, b].map(w => ask(w, 'docker info').code),
    [1, 1],
  );
  assert.deepEqual(
    [a, b].map(w => ask(w, 'docker version').code),
    [1, 1],
  );
  assert.deepEqual(
    [a, b].map(w => ask(w, 'docker run --rm debian:trixie true').code),
    [125, 1],
  );
});

test('a probe with the setuid helper wakes the driver; without it nothing is loaded by asking', () => {
  const world = old();
  for (const m of ['nvidia_uvm', 'nvidia_drm', 'nvidia_modeset', 'nvidia']) ask(world, `modprobe -r ${m}`);
  world.fs.entries.delete('/usr/bin/nvidia-modprobe');
  assert.equal(ask(world, 'nvidia-smi -L').code, 9);
  binary(world.fs, '/usr/bin/nvidia-modprobe', 1, { mode: 0o755 });
  const other = person(Object.assign(old(), { fs: world.fs, kernel: world.kernel }), []);
  assert.equal(ask(other, 'nvidia-smi -L').code, 9, 'without the set-uid bit the helper serves root only');
  binary(world.fs, '/usr/bin/nvidia-modprobe', 1, { mode: 0o4755 });
  assert.equal(ask(other, 'nvidia-smi -L').code, 0);
  assert.match(ask(world, 'lsmod').text, /^nvidia /m);
  assert.doesNotMatch(ask(world, 'lsmod').text, /^nvidia_uvm /m);
});

test('the same world answers the same twice', () => {
  const tell = (): string =>
    [
      'docker info --format {{json .}}',
      'docker ps -a --no-trunc --format {{json .}}',
      'nvidia-smi',
      'systemctl status docker',
    ]
      .map(l => ask(three(old()), l).text)
      .join('\n');
  assert.equal(tell(), tell());
});
