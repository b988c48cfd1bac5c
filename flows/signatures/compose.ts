import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { NO_GPU_SEEN } from './wordings.ts';

/** Section 2.10: Compose and manifests. */
export const composeSigns = {
  'compose-legacy-schema': {
    tell: 'docker-compose version --short; docker compose version --short: is the old Python Compose at work?',
    shows: [
      s(
        [
          'deploy.resources.reservations value Additional properties are not allowed (devices was unexpected)',
          "('devices' was unexpected)",
          'devices was unexpected',
          'reservations value Additional properties are not allowed',
          'resources.reservations … devices was unexpected',
          'resources.reservations … Additional propert',
        ],
        0.95,
      ),
      s(
        [
          'Unsupported config option for services. … : <runtime|deploy|devices|device_requests|gpus>',
          'Unsupported config option for services … gpus',
          'runtime was unexpected',
          'gpus was unexpected',
          'Unsupported config option: <services|runtime|gpus|deploy>',
          'Additional properties are not allowed (runtime',
          'Additional properties are not allowed (gpus',
          'device_requests was unexpected',
          'contains an invalid type … deploy',
          'deploy was unexpected',
        ],
        0.9,
      ),
      s('Unsupported config option for services', 0.9, { needs: ['gpuWords'] }),
      s(
        [
          'docker: compose is not a docker command',
          'compose is not a docker command',
          'unknown command: docker compose',
          'unknown shorthand flag: f in -f',
        ],
        0.72,
      ),
      s(
        [
          'Version in ./docker-compose.yml is unsupported',
          'Version in … docker-compose … is unsupported',
          'version … is unsupported. You might be seeing this error',
        ],
        0.7,
        { needs: ['gpuWords'] },
      ),
    ],
  },
  'compose-cdi-syntax-too-new': {
    tell: 'docker compose version: CDI names below devices: and gpus: need 2.30, gpus: all 2.33',
    shows: [
      s('custom device nvidia.com/gpu', 0.5, { more: { compose: 0.5 } }),
      s(
        [
          'Additional property gpus is not allowed',
          'gpus must be a list',
          'gpus must be a',
          'additional properties gpus not allowed',
          "additional properties 'gpus' not allowed",
          'gpus Additional property',
        ],
        0.92,
      ),
    ],
  },
  'compose-device-request-invalid': {
    tell: 'docker compose config: count and device_ids exclude each other, capabilities is required, driver: cdi wants full names',
    shows: [
      s(
        [
          'attributes are exclusive',
          'count and device_ids attributes are exclusive',
          'missing property capabilities',
          'capabilities is required',
          'devices.# capabilities',
          'reservations.devices.# … capabilities',
          'unexpected count in CDI device request',
          'unexpected options in CDI device request',
          'unexpected device capabilities',
        ],
        0.93,
      ),
      s('cannot set both Count and DeviceIDs on device request', 0.68, {
        more: { compose: 0.6 },
        less: { asksGpus: 0.3 },
      }),
      s(
        [
          'reservations.devices must be a',
          'devices.# must be a mapping',
          'capabilities must be a list',
          'device_ids must be',
          'reservations.devices … contains an invalid type',
          'deploy.resources.reservations.devices',
          'count must be',
          'devices.#.count',
        ],
        0.6,
      ),
    ],
  },
  'compose-service-without-gpu-request': {
    tell: 'docker inspect -f "{{.HostConfig.Runtime}} {{json .HostConfig.DeviceRequests}}" CONTAINER: runc and null mean that none was asked for',
    shows: [
      s(
        [
          'no compatible GPUs were discovered',
          'no nvidia devices detected',
          'GPU <shows as|is|was> not detected',
          "<doesn't|does not|can't|cannot|didn't|did not|fails to|not> detect <my|the|any|a> <NVIDIA GPU|GPU|NVIDIA>",
          'no NVIDIA device reservation',
          '<has_gpu|gpu_available|cuda_available|use_gpu>: False',
          'no GPU detected',
          'No GPU detected',
          'GPU not detected',
          'running on CPU',
          'falling back to CPU',
          'using CPU',
          'inference compute id=cpu',
          'inference compute … library=cpu',
          'entering low vram mode',
        ],
        0.5,
        { kind: 'symptom', more: { compose: 0.3 }, less: { noGpuAsked: 0.3 } },
      ),
      s(['WARNING: The NVIDIA Driver was not detected', 'Found no NVIDIA driver on your system'], 0.35, {
        kind: 'symptom',
        more: { compose: 0.5 },
      }),
      s(NO_GPU_SEEN, 0.34, { kind: 'symptom', more: { compose: 0.5 } }),
      s(['DeviceRequests: null', 'runc null null', 'runc null'], 0.75),
      s(['torch.cuda.is_available() … False', 'cuda.is_available() False', 'No CUDA GPUs are available'], 0.26, {
        kind: 'symptom',
        more: { compose: 0.3 },
      }),
    ],
  },
  'compose-stacked-mechanisms': {
    tell: 'count the ways in docker inspect: Runtime, DeviceRequests, Devices, Binds of libraries, LD_LIBRARY_PATH, Privileged; keep one',
    shows: [
      s('privileged: true', 0.5, { also: ['runtime: nvidia', 'LD_LIBRARY_PATH'] }),
      s(['/dev/nvidia0:/dev/nvidia0', '/dev/nvidiactl:/dev/nvidiactl'], 0.5, { also: ['runtime: nvidia'] }),
    ],
  },
  'bind-mounted-driver-file-missing': {
    tell: 'docker inspect -f "{{json .HostConfig.Binds}}": driver files bound by versioned names; are some of them directories on the host now?',
    shows: [
      s(
        [
          'failed to create symlink: is a directory',
          'failed to create link … is a directory',
          'create symlink: … is a directory',
        ],
        0.92,
      ),
      s(
        [
          'bind source path does not exist: … lib<cuda|nvidia>',
          'bind source path does not exist: … nvidia',
          'invalid mount config for type bind … lib<cuda|nvidia>',
        ],
        0.93,
      ),
      s(['not a directory: Are you trying to mount a directory onto a file (or vice-versa)'], 0.7, {
        also: ['nvidia'],
      }),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
