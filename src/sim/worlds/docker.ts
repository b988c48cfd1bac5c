/** Boxes whose fault lies in Docker or its configuration. */

import { file, text } from '../fs.ts';
import { systemctl } from '../systemctl.ts';
import { configPath } from '../toolkit-config.ts';
import { startUnit, stopUnit } from '../units.ts';
import { tick, type World } from '../world.ts';
import { populated, request, running } from './containers.ts';
import { daemonJsonWith, machine } from './machine.ts';
import { writeSpec } from './specs.ts';

const secrets = {
  'insecure-registries': ['10.20.30.40:5000'],
  'registry-mirrors': ['https://robot:s3cr3t-pull-token@mirror.lab.example.net'],
};

export const notActive = (): World => {
  const world = machine({
    name: 'daemon-json-not-active',
    docker: '26.1.5',
    toolkit: '1.17.8',
    daemonJson: daemonJsonWith(secrets),
  });
  writeSpec(world, '1.17.8');
  tick(world, 3600);
  file(world.fs, '/etc/docker/daemon.json', daemonJsonWith({ ...secrets, features: { cdi: true } }));
  systemctl({ world, args: ['reload', 'docker'], argv: [], root: true });
  tick(world, 3600);
  return populated(world);
};

export const notRegistered = (): World => {
  const json = `${JSON.stringify({ 'log-driver': 'json-file', 'log-opts': { 'max-size': '50m' }, ...secrets }, null, 4)}\n`;
  const world = machine({ name: 'runtime-not-registered', docker: '26.1.5', toolkit: '1.17.8', daemonJson: json });
  tick(world, 3600);
  return populated(world);
};

/** Left behind by somebody in a hurry: one comma too many. */
const trailingComma = `{
    "log-driver": "json-file",
    "live-restore": false,
    "runtimes": {
        "nvidia": {
            "args": [],
            "path": "nvidia-container-runtime"
        }
    },
}
`;

export const broken = (): World => {
  const world = populated(machine({ name: 'daemon-json-broken', docker: '26.1.5', toolkit: '1.17.8' }));
  tick(world, 3600);
  file(world.fs, '/etc/docker/daemon.json', trailingComma);
  stopUnit(world, 'docker.service');
  startUnit(world, 'docker.service');
  tick(world, 1800);
  return world;
};

export const stopped = (): World => {
  const world = populated(machine({ name: 'docker-stopped', docker: '26.1.5', toolkit: '1.17.8' }));
  tick(world, 3600);
  stopUnit(world, 'docker.socket');
  stopUnit(world, 'docker.service');
  tick(world, 1800);
  return world;
};

export const hookRefused = (): World => {
  const world = machine({ name: 'hook-refused-29', docker: '29.7.2', toolkit: '1.20.0' });
  tick(world, 3600);
  file(world.fs, configPath, (text(world.fs, configPath) ?? '').replace('mode = "auto"', 'mode = "cdi"'));
  const whole = text(world.fs, '/run/cdi/nvidia.yaml') ?? '';
  file(world.fs, '/run/cdi/nvidia.yaml', whole.slice(0, whole.indexOf('path: /usr/bin/nvidia-cdi-hook') + 2));
  tick(world, 600);
  running(world, 'ollama', request('ollama/ollama:0.12.6', { gpus: 'all', restart: 'always' }));
  return world;
};
