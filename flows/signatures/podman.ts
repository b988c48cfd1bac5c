import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { NO_NVIDIA_SMI } from './wordings.ts';

/** Sections 2.11 and 2.15: Podman, mandatory access control, work-arounds. */
export const podmanSigns = {
  'podman-gpus-noop': {
    tell: 'podman version: below 5.0 --gpus does nothing; use --device nvidia.com/gpu=all',
    shows: [
      s(['crun: executable file nvidia-smi not found', ...NO_NVIDIA_SMI], 0.72, { needs: ['podman'] }),
      s(['--gpus', 'Emulate Docker CLI using podman'], 0.35, { needs: ['podman'], also: ['nvidia-smi'] }),
    ],
  },
  'podman-cdi-too-old': {
    tell: 'podman --version: CDI names need 4.1, kube play and the Docker socket 5.4',
    shows: [s(['Error: stat nvidia.com/gpu', 'stat nvidia.com/gpu=', 'stat nvidia.com/gpu'], 0.93)],
  },
  'podman-legacy-hook-leftover': {
    tell: 'ls /usr/share/containers/oci/hooks.d /etc/containers/oci/hooks.d: an oci-nvidia-hook.json beside CDI?',
    shows: [
      s(
        [
          'error executing hook /usr/bin/nvidia-container-toolkit',
          'error executing hook … nvidia-container-toolkit',
          'error executing hook … nvidia-container-runtime-hook',
          'oci-nvidia-hook.json',
          'oci-nvidia-hook',
          'containers/oci/hooks.d',
        ],
        0.8,
        { kind: 'symptom' },
      ),
      s('nvidia-container-cli:', 0.2, { needs: ['podman'] }),
    ],
  },
  'selinux-denied': {
    tell: 'getenforce, and ausearch -m avc -ts recent | grep nvidia: a denial for xserver_misc_device_t?',
    shows: [
      s(
        [
          'xserver_misc_device_t',
          'avc: denied … nvidia',
          'avc: denied … tcontext … device_t',
          'SELinux is preventing … nvidia',
          'type=AVC … nvidia',
          'denied { module_load }',
          'container_use_devices',
          'container_use_xserver_devices',
        ],
        0.95,
        { kind: 'cause' },
      ),
      s('Failed to initialize NVML: Insufficient Permissions', 0.64, {
        more: { selinux: 0.6, podman: 0.2, redHat: 0.3 },
        less: { nonRoot: 0.3 },
      }),
      // The hook runs on the host, where the confinement of containers does not reach.
      s('nvml error: insufficient permissions', 0.5, { more: { selinux: 0.7, redHat: 0.3 }, less: { nonRoot: 0.3 } }),
      s(['label=disable', 'label:disable', 'setenforce 0', 'SELinux … permissive'], 0.72, {
        needs: ['selinux'],
        also: ['nvidia'],
        kind: 'cause',
      }),
      s('avc: denied', 0.8, { also: ['nvidia'], kind: 'cause' }),
      s(['Failed to initialize NVML', 'no CUDA-capable device', 'Permission denied'], 0.6, {
        needs: ['selinux'],
        also: ['nvidia'],
      }),
    ],
  },
  'apparmor-or-seccomp-denied': {
    tell: 'journalctl -k | grep \'apparmor="DENIED".*nvidia\', and whether --security-opt seccomp=unconfined changes it',
    shows: [
      s(['apparmor=DENIED … nvidia', 'apparmor=DENIED', 'apparmor … denied … /dev/nvidia'], 0.9, {
        kind: 'cause',
        also: ['nvidia'],
      }),
      s(
        [
          'terminated with signal 31',
          'killed by signal 31',
          'signal: bad system call',
          'SECCOMP … nvidia',
          'seccomp … nvidia-container',
        ],
        0.55,
      ),
    ],
  },
  'over-privileged-workaround': {
    tell: 'does it work without privileged, the mount of /dev and LD_LIBRARY_PATH, with one GPU request instead?',
    shows: [
      s(
        [
          'works with --privileged',
          'only works with privileged',
          'works when privileged',
          'works if I add --privileged',
        ],
        0.3,
      ),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
