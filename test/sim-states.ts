/** Machines in many states, each broken in one way that the field reference describes, made from a working one. */
import assert from 'node:assert/strict';
import { runIn } from '../src/sim/box.ts';
import { file, link, mkdir, overwrite, remove, text } from '../src/sim/fs.ts';
import { configPath } from '../src/sim/toolkit-config.ts';
import type { World } from '../src/sim/world.ts';
import { daemonJsonWith, machine } from '../src/sim/worlds/machine.ts';
import { specFor, writeSpec } from '../src/sim/worlds/specs.ts';

const podman = '5.4.2';
/** Working machines by the versions that behave differently. */
export const stacks: Readonly<Record<string, () => World>> = {
  'docker 26, toolkit 1.14': () => machine({ name: 'v114', docker: '26.1.5', toolkit: '1.14.6', podman }),
  'docker 26, toolkit 1.17': () => machine({ name: 'old', docker: '26.1.5', toolkit: '1.17.8', podman }),
  'docker 26 with CDI on': () => {
    const world = machine({
      name: 'old-cdi',
      docker: '26.1.5',
      toolkit: '1.17.8',
      podman,
      daemonJson: daemonJsonWith({ features: { cdi: true } }),
    });
    writeSpec(world, '1.17.8');
    return world;
  },
  'docker 28, toolkit 1.18': () => machine({ name: 'mid', docker: '28.3.0', toolkit: '1.18.2', podman }),
  'docker 29, toolkit 1.20': () => machine({ name: 'new', docker: '29.7.2', toolkit: '1.20.0', podman }),
};

const config = (from: string | RegExp, to: string) => (world: World) => {
  const before = text(world.fs, configPath) ?? '';
  const after = before.replace(from, to);
  assert.notEqual(after, before, String(from));
  overwrite(world.fs, configPath, after);
};
const run = (world: World, line: string): void => {
  runIn(world, { argv: line.split(' ') as [string, ...string[]] });
};
const daemon =
  (content: string, restart = true) =>
  (world: World) => {
    overwrite(world.fs, '/etc/docker/daemon.json', content);
    if (restart) run(world, 'systemctl restart docker');
  };
const mode = (value: string) => config('mode = "auto"', `mode = "${value}"`);
/** One spec in /etc/cdi and nothing else. */
const onlySpec = (change: (content: string) => string) => (world: World) => {
  const content = specFor(world, world.versions.toolkit!);
  remove(world.fs, '/run/cdi');
  file(world.fs, '/etc/cdi/nvidia.yaml', change(content));
};
const noWaking = (world: World): void => {
  remove(world.fs, '/usr/bin/nvidia-modprobe');
  config('load-kmods = true', 'load-kmods = false')(world);
};
const oneLetter = (world: World): void =>
  file(
    world.fs,
    '/etc/cdi/x.json',
    JSON.stringify({
      cdiVersion: '0.5.0',
      kind: 'x.com/d',
      devices: [{ name: 'a', containerEdits: { env: ['A=1'] } }],
    }),
  );

export const breakages: Readonly<Record<string, (world: World) => void>> = {
  'nothing broken': () => {},
  'mode cdi': mode('cdi'),
  'mode legacy': mode('legacy'),
  'mode jit-cdi': mode('jit-cdi'),
  'mode misspelt': mode('CDI'),
  'mode csv': mode('csv'),
  'driver root empty': world => {
    config('#root = "/run/nvidia/driver"', 'root = "/run/nvidia/driver"')(world);
    mkdir(world.fs, '/run/nvidia/driver');
  },
  'driver root gone': config('#root = "/run/nvidia/driver"', 'root = "/run/nvidia/driver"'),
  'ldconfig.real': config('"@/sbin/ldconfig"', '"@/sbin/ldconfig.real"'),
  'ldconfig without @': config('"@/sbin/ldconfig"', '"/sbin/ldconfig"'),
  'ldconfig gone': config('"@/sbin/ldconfig"', '"@/opt/ldconfig"'),
  'ldconfig a script': world => {
    file(world.fs, '/opt/ldconfig', '#!/bin/sh\n', { mode: 0o755 });
    config('"@/sbin/ldconfig"', '"@/opt/ldconfig"')(world);
  },
  'ldcache key wrong': config('#ldcache = "/etc/ld.so.cache"', 'ldcache = "/etc/no.cache"'),
  'no-cgroups': config('#no-cgroups = false', 'no-cgroups = true'),
  'variable not accepted': config(
    '#accept-nvidia-visible-devices-envvar-when-unprivileged = true',
    'accept-nvidia-visible-devices-envvar-when-unprivileged = false',
  ),
  'config.toml broken': config('mode = "auto"', 'mode = "auto'),
  'a capability that does not exist': config(
    /^#?supported-driver-capabilities.*$/m,
    'supported-driver-capabilities = "compute,utils"',
  ),
  'a switch of config.toml in quotes': config('#no-cgroups = false', 'no-cgroups = "true"'),
  'config.toml gone': world => remove(world.fs, configPath),
  'no low-level runtimes': config(/runtimes = \[.*\]/, 'runtimes = []'),
  'no spec': world => {
    remove(world.fs, '/run/cdi');
    remove(world.fs, '/etc/cdi/nvidia.yaml');
  },
  'stale spec': onlySpec(s => s.replaceAll('580.126.09', '550.163.01')),
  'empty spec': onlySpec(() => ''),
  'a device named by a number': onlySpec(s => s.replace(/name: "0"/, 'name: 0')),
  'a version of CDI that never was': onlySpec(s => s.replace('cdiVersion: 0.5.0', 'cdiVersion: 0.9.0')),
  'a misspelt key of a mount': onlySpec(s => s.replace('hostPath: /usr', 'hostpath: /usr')),
  'spec too new': onlySpec(s => s.replace('cdiVersion: 0.5.0', 'cdiVersion: 1.0.0')),
  'spec for Podman only': onlySpec(s => s.replace('cdiVersion: 0.5.0', 'cdiVersion: 0.8.0')),
  'no device named all': onlySpec(s => s.replace('name: all', 'name: everything')),
  'stale spec under a good one': world => {
    file(world.fs, '/run/cdi/nvidia.yaml', specFor(world, world.versions.toolkit!));
    file(world.fs, '/etc/cdi/nvidia.yaml', specFor(world, world.versions.toolkit!, '550.163.01'));
  },
  'specs in conflict': world => {
    const content = specFor(world, world.versions.toolkit!);
    remove(world.fs, '/run/cdi');
    remove(world.fs, '/etc/cdi/nvidia.yaml');
    for (const n of ['a', 'b']) file(world.fs, `/etc/cdi/${n}.yaml`, content);
  },
  'spec named .yml': world => {
    const content = specFor(world, world.versions.toolkit!);
    remove(world.fs, '/run/cdi');
    remove(world.fs, '/etc/cdi/nvidia.yaml');
    file(world.fs, '/etc/cdi/nvidia.yml', content);
  },
  'spec directory a link': world => {
    const content = specFor(world, world.versions.toolkit!);
    remove(world.fs, '/run/cdi');
    remove(world.fs, '/etc/cdi');
    file(world.fs, '/srv/specs/nvidia.yaml', content);
    link(world.fs, '/etc/cdi', '/srv/specs');
    run(world, 'systemctl restart docker');
  },
  'one-letter vendor at start': world => {
    oneLetter(world);
    run(world, 'systemctl restart docker');
  },
  'one-letter vendor later': oneLetter,
  'uvm missing': world => {
    noWaking(world);
    run(world, 'modprobe -r nvidia_uvm');
  },
  'uvm missing but in the spec': world => {
    onlySpec(s => s)(world);
    noWaking(world);
    run(world, 'modprobe -r nvidia_uvm');
  },
  'module unloaded': world => {
    noWaking(world);
    for (const m of ['nvidia_uvm', 'nvidia_drm', 'nvidia_modeset', 'nvidia']) run(world, `modprobe -r ${m}`);
  },
  'nodes gone': world => {
    noWaking(world);
    for (const n of ['nvidiactl', 'nvidia0']) remove(world.fs, `/dev/${n}`);
  },
  'libraries of another version': world => {
    overwrite(
      world.fs,
      '/proc/driver/nvidia/version',
      'NVRM version: NVIDIA UNIX x86_64 Kernel Module  575.57.08  Thu May 1 00:00:00 UTC 2025\n',
    );
    overwrite(world.fs, '/sys/module/nvidia/version', '575.57.08\n');
  },
  'hook gone': world => {
    remove(world.fs, '/usr/bin/nvidia-container-runtime-hook');
    run(world, 'systemctl restart docker');
  },
  'nvidia-cdi-hook gone, not restarted': world => remove(world.fs, '/usr/bin/nvidia-cdi-hook'),
  'nvidia-cdi-hook gone': world => {
    remove(world.fs, '/usr/bin/nvidia-cdi-hook');
    run(world, 'systemctl restart docker');
  },
  'CLI gone': world => remove(world.fs, '/usr/bin/nvidia-container-cli'),
  'library of the CLI gone': world => remove(world.fs, '/usr/lib/x86_64-linux-gnu/libnvidia-container.so.1'),
  'runtime gone': world => remove(world.fs, '/usr/bin/nvidia-container-runtime'),
  'nvidia the default runtime': daemon(daemonJsonWith({ 'default-runtime': 'nvidia' })),
  'default runtime without entry': daemon('{"default-runtime":"nvidia"}'),
  'nvidia the default runtime, mode cdi': world => {
    daemon(daemonJsonWith({ 'default-runtime': 'nvidia' }))(world);
    mode('cdi')(world);
    writeSpec(world, world.versions.toolkit!);
  },
  'nvidia the default runtime, mode csv': world => {
    daemon(daemonJsonWith({ 'default-runtime': 'nvidia' }))(world);
    mode('csv')(world);
  },
  'nvidia the default runtime, mode misspelt': world => {
    daemon(daemonJsonWith({ 'default-runtime': 'nvidia' }))(world);
    mode('CDI')(world);
  },
  'nvidia the default runtime, config.toml broken': world => {
    daemon(daemonJsonWith({ 'default-runtime': 'nvidia' }))(world);
    config('mode = "auto"', 'mode = "auto')(world);
  },
  'nvidia the default runtime, no low-level runtimes': world => {
    daemon(daemonJsonWith({ 'default-runtime': 'nvidia' }))(world);
    config(/runtimes = \[.*\]/, 'runtimes = []')(world);
  },
  'CDI switched off': daemon(daemonJsonWith({ features: { cdi: false } })),
  'CDI switched on': daemon(daemonJsonWith({ features: { cdi: true } })),
  'CDI on, not restarted': daemon(daemonJsonWith({ features: { cdi: true } }), false),
  'no spec directories': daemon(daemonJsonWith({ features: { cdi: true }, 'cdi-spec-dirs': [''] })),
  'another spec directory': daemon(daemonJsonWith({ features: { cdi: true }, 'cdi-spec-dirs': ['/opt/cdi'] })),
  'runtime path dead': daemon('{"runtimes":{"nvidia":{"path":"/opt/gone"}}}'),
  'runtime not registered': daemon('{}'),
  'runtime taken out, not restarted': daemon('{}', false),
  'daemon.json broken after the start': daemon('{', false),
  'daemon.json broken': daemon('{'),
  'hosts given twice': daemon(daemonJsonWith({ hosts: ['unix:///var/run/docker.sock'] })),
  'Docker stopped': world => {
    run(world, 'systemctl stop docker.socket');
    run(world, 'systemctl stop docker');
  },
};
