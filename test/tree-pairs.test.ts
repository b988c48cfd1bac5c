/** One fault gives one finding, two independent faults give two, in the order in which they must be mended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBox } from '../src/engine/report.ts';
import { type Edit, edit, recording } from './edited.ts';

const stale = recording('cdi-spec-stale@old').files['/etc/cdi/nvidia.yaml']!;
const sound = recording('healthy-cdi@old').files['/etc/cdi/nvidia.yaml']!;
const GPU =
  '0000:01:00.0 VGA compatible controller [0300]: NVIDIA Corporation AD103 [GeForce RTX 4070 Ti SUPER] [10de:2705]';

interface Fault {
  readonly id: string;
  readonly make: (b: Edit) => Edit;
  /** Faults that cannot stand beside it, because they are about the same thing or hide it. */
  readonly not?: readonly string[];
}

/** In the order in which they must be mended, on a Docker 26 with toolkit 1.17 in mode auto. */
const faults: readonly Fault[] = [
  {
    id: 'nouveau-bound',
    make: b =>
      b
        .says('lspci -Dnnk -d 10de:', `${GPU}\n\tKernel driver in use: nouveau\n`)
        .dir('/proc/driver/nvidia/gpus', [])
        .says('nvidia-smi -L', '', 9)
        .says(
          'nvidia-smi --query-gpu=name,driver_version,uuid,pci.bus_id,mig.mode.current --format=csv,noheader',
          '',
          9,
        ),
    not: ['nvidia-uvm-missing'],
  },
  { id: 'nvidia-uvm-missing', make: b => b.thing('/dev/nvidia-uvm', null).thing('/dev/nvidia-uvm-tools', null) },
  {
    id: 'docker-daemon-json-malformed',
    make: b =>
      b
        .daemon('{ "runtimes": {')
        .dockerDown(
          'unable to configure the Docker daemon with file /etc/docker/daemon.json: unexpected end of JSON input',
        ),
    not: ['docker-not-running', 'docker-runtime-not-registered'],
  },
  {
    id: 'docker-not-running',
    make: b => b.dockerDown('', 'inactive', 'success'),
    not: ['docker-runtime-not-registered'],
  },
  {
    id: 'docker-runtime-not-registered',
    make: b =>
      b.daemon({}).info(i => {
        delete (i as unknown as { Runtimes: Record<string, unknown> }).Runtimes.nvidia;
      }),
  },
  {
    id: 'visible-devices-ignored-unprivileged',
    make: b =>
      b.config(
        '#accept-nvidia-visible-devices-envvar-when-unprivileged = true',
        'accept-nvidia-visible-devices-envvar-when-unprivileged = false',
      ),
  },
  { id: 'driver-root-wrong', make: b => b.config('#root = "/run/nvidia/driver"', 'root = "/run/nvidia/driver"') },
  {
    id: 'host-ldcache-stale',
    make: b => b.says('ldconfig -p', '0 libs found in cache\n').forget('ldconfig -p -C /etc/ld.so.cache'),
  },
  {
    id: 'toolkit-version-skew',
    make: b => b.says('nvidia-container-cli -V', 'cli-version: 1.16.2\nlib-version: 1.16.2\n'),
  },
  { id: 'no-cgroups-true-on-rootful', make: b => b.config('#no-cgroups = false', 'no-cgroups = true') },
  {
    id: 'container-ldcache-not-updated',
    make: b => b.file('/sbin/ldconfig', '#!/bin/sh\nexec /sbin/ldconfig.dist "$@"\n'),
  },
  {
    id: 'cdi-spec-conflict',
    make: b => b.file('/etc/cdi/nvidia.yaml', sound).file('/etc/cdi/nvidia-old.yaml', sound),
    not: ['cdi-spec-stale'],
  },
  { id: 'cdi-spec-stale', make: b => b.file('/etc/cdi/nvidia.yaml', stale) },
];

const found = async (...made: readonly Fault[]) => {
  const box = made.reduce((b, f) => f.make(b), edit('healthy@old'));
  const report = await checkBox(box.box());
  return report.findings.filter(f => f.severity === 'fault').map(f => f.id);
};

for (const fault of faults) test(`alone: ${fault.id}`, async () => assert.deepEqual(await found(fault), [fault.id]));

const pairs = faults.flatMap((a, i) =>
  faults
    .slice(i + 1)
    .filter(b => !a.not?.includes(b.id))
    .map(b => [a, b] as const),
);
test('at least thirty pairs are tried', () => assert.ok(pairs.length >= 30, String(pairs.length)));
for (const [a, b] of pairs)
  test(`together: ${a.id} and ${b.id}`, async () => assert.deepEqual(await found(a, b), [a.id, b.id]));
