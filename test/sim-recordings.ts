/** Recordings for the tests of the simulation, and what is known of the images in them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { ImageInsides } from '../src/sim/from-snapshot.ts';
import type { Snapshot } from '../src/snapshot/snapshot.ts';

const fixtures = join(import.meta.dirname, 'fixtures/recordings');
const beside = join(import.meta.dirname, '../../shared/field/recordings');
const folder = existsSync(fixtures) ? fixtures : beside;

export const recordingNames = (): string[] =>
  readdirSync(folder)
    .filter(f => f.includes('@'))
    .map(f => f.replace(/\.json.*$/, ''))
    .sort();

export const readRecording = (name: string): Snapshot => {
  const at = readdirSync(folder).find(f => f.startsWith(`${name}.json`));
  if (at === undefined) throw new Error(`no recording ${name}`);
  const bytes = readFileSync(join(folder, at));
  const text = at.endsWith('.br') ? brotliDecompressSync(bytes) : at.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  return JSON.parse(text.toString()) as Snapshot;
};

/** The images of the recording machine, as its Dockerfiles made them. */
export const insides: ImageInsides = {
  'busybox:latest': { glibc: false },
  'nvidia/cuda:12.4.1-base': {
    env: ['CUDA_VERSION=12.4.1', 'NVIDIA_REQUIRE_CUDA=cuda>=12.4', 'NVIDIA_VISIBLE_DEVICES=all'],
  },
  'rig/torch:old': { env: ['CUDA_VERSION=13.2.0', 'NVIDIA_REQUIRE_CUDA=cuda>=13.2', 'NVIDIA_VISIBLE_DEVICES=all'] },
  'rig/worker:latest': {
    programs: ['python3', 'ls', 'sh'],
    files: { '/srv': ['app', 'moe_router'] },
    command: ['python3', '-m', 'expert_worker.main'],
  },
};
