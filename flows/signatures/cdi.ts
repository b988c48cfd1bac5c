import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';

const UNRESOLVABLE = [
  'unresolvable CDI devices nvidia.com/gpu',
  'unresolvable CDI devices',
  'failed to inject CDI devices: unresolvable',
];

/** Section 2.8, first half: the specs themselves. */
export const cdiSigns = {
  'cdi-spec-missing': {
    tell: 'ls /etc/cdi /var/run/cdi and nvidia-ctk cdi list: is there any spec in a directory the engine searches?',
    shows: [
      s(UNRESOLVABLE, 0.72, { less: { mig: 0.4, wsl: 0.4, jit: 0.7 } }),
      s(
        [
          'CDI device injection failed',
          'setting up CDI devices',
          'failed to inject CDI devices',
          'Found 0 CDI devices',
          'no CDI devices found',
        ],
        0.5,
      ),
      s(['nvidia-cdi.service', 'Generate NVIDIA CDI Configuration'], 0.35),
    ],
    follows: [
      'cdi-spec-conflict',
      'cdi-version-too-new',
      'cdi-spec-malformed',
      'gpu-operator-management-cdi-unresolvable',
      'mig-device-string-wrong',
      'wsl-cdi-device-names',
      'cdi-spec-permission',
      'cdi-host-device-missing',
      'cdi-spec-stale',
      'cdi-refresh-unit-inactive',
      'gpu-fallen-off-bus',
      'docker-desktop-linux',
    ],
  },
  'cdi-spec-stale': {
    tell: 'grep -o "so\\.[0-9.]*" in the spec against cat /sys/module/nvidia/version: the spec names files of an older driver',
    shows: [
      s(
        [
          'error mounting /run/nvidia-persistenced/socket',
          'mount … /run/nvidia-persistenced/socket',
          'error mounting /run/nvidia-fabricmanager',
        ],
        0.78,
      ),
      s(
        [
          'failed to fulfil mount request: open … lib<nvidia|cuda|EGL|GLX|nv|GL>',
          'failed to fulfil mount request: open … nvidia',
          'failed to fulfil mount request',
        ],
        0.9,
      ),
      s(
        [
          'bind mount source stat: stat … lib<nvidia|cuda|EGL|GLX|nv>',
          'error mounting … lib<nvidia|cuda|EGL|GLX|nv> … no such file',
          'mount source stat … nvidia … no such file',
          'error mounting /usr/lib … nvidia … no such file or directory',
          'error mounting /usr/share/nvidia',
          'error mounting /lib/firmware/nvidia',
        ],
        0.9,
      ),
      s(
        [
          'cannot stat /usr/lib … lib<nvidia|cuda|EGL|GLX|nv>',
          'cannot stat /lib … lib<nvidia|cuda|EGL|GLX>',
          'cannot stat … lib<nvidia-|cuda.so|EGL_nvidia|GLX_nvidia>',
          'crun: cannot stat … nvidia',
          'cannot stat /usr/lib … nvidia',
          'cannot stat /lib/firmware/nvidia',
          'cannot stat /usr/share … nvidia',
          'cannot stat /run/nvidia-persistenced/socket',
          'statfs /usr/lib … nvidia … no such file',
          'crun: error stat … nvidia',
        ],
        0.92,
      ),
      s(['stat CDI host device /dev/dri/card', 'stat CDI host device /dev/dri/renderD'], 0.42),
      s(
        [
          'open … /usr/lib … lib<nvidia|cuda|EGL|GLX> … .so.# … no such file or directory',
          'lstat /usr/lib … lib<nvidia|cuda> … no such file',
          'stat /usr/lib … lib<nvidia|cuda> … no such file',
        ],
        0.6,
      ),
      s('error mounting … nvidia', 0.4, { also: ['no such file or directory'] }),
    ],
  },
  'cdi-spec-stale-device-major': {
    tell: 'major of nvidia-uvm in /proc/devices against major: in the spec',
    shows: [s(['major: 5', '"major": 5'], 0.5, { also: ['/proc/devices'] }), s('CUDA_ERROR_UNKNOWN', 0.1)],
  },
  'cdi-spec-conflict': {
    tell: 'nvidia-ctk cdi list (stderr): conflicting device; two files of the same directory define it',
    shows: [
      s(
        [
          'conflicting device nvidia.com',
          'conflicting device',
          'CDI: Error associated with spec file',
          'CDI … conflicting',
        ],
        0.95,
        { kind: 'cause' },
      ),
      s('unresolvable CDI devices', 0.12),
      s(
        [
          'nvidia.yaml … nvidia.json',
          '/etc/cdi/nvidia.yaml … /etc/cdi/nvidia-container-toolkit.json',
          'nvidia-old.yaml',
        ],
        0.6,
      ),
    ],
  },
  'cdi-device-name-unresolvable': {
    tell: 'nvidia-ctk cdi list: is the very name that was asked for in it?',
    shows: [
      s('unresolvable CDI devices nvidia.com/gpu=gpu', 0.75),
      s(
        [
          'unresolvable CDI devices nvidia.com/gpus',
          'unresolvable CDI devices nvidia.com/gpu0',
          'nvidia.com/gpu is not an absolute path',
          'unqualified device nvidia',
          'invalid device name nvidia',
          'unresolvable CDI devices nvidia.com/pgpu',
          'unresolvable CDI devices nvidia.com/mig',
        ],
        0.85,
      ),
      s(UNRESOLVABLE, 0.35),
      s('Found # CDI devices', 0.3, { also: ['unresolvable CDI devices'] }),
      s(['invalid CDI device', 'is not a qualified name', 'unqualified device'], 0.5),
    ],
  },
  'cdi-spec-dir-mismatch': {
    tell: 'docker info -f "{{json .CDISpecDirs}}" against the directory the spec lies in',
    shows: [
      s('Found # CDI devices', 0.6, { kind: 'cause', also: ['unresolvable CDI devices'], unless: ['oldPodman'] }),
      s(['no CDI specification directories specified', 'CDI specification directories'], 0.9),
      s(['cdi-spec-dirs', 'cdi_spec_dirs', 'cdi-spec-dir'], 0.35),
      s(['/run/cdi:', 'ls /run/cdi', 'ls /etc/cdi', 'ls /var/run/cdi', 'ls -l /var/run/cdi'], 0.6, {
        also: ['unresolvable CDI devices'],
      }),
      s('unresolvable CDI devices', 0.22),
    ],
  },
  'cdi-spec-permission': {
    tell: 'stat -c "%a %U %n" /etc/cdi/* and cat the file as the user of the engine',
    shows: [
      s(
        [
          '/etc/cdi/nvidia.yaml: permission denied',
          'cdi … yaml: permission denied',
          'cdi … json: permission denied',
          'CDI spec directory cannot be accessed, skipping',
          'CDI spec directory cannot be accessed',
        ],
        0.93,
        { kind: 'cause' },
      ),
      s(['stat CDI host device … permission denied'], 0.8),
      s('unresolvable CDI devices', 0.3, { needs: ['rootless'] }),
    ],
  },
  'cdi-version-too-new': {
    tell: 'grep -h cdiVersion /etc/cdi/* /var/run/cdi/* against the version of the engine',
    shows: [
      s('unresolvable CDI devices', 0.45, { needs: ['oldPodman'] }),
      s('Found # CDI devices', 0.74, { kind: 'cause', also: ['unresolvable CDI devices'], needs: ['oldPodman'] }),
      s(
        [
          'invalid CDI Spec: invalid version',
          'the spec version must be at least',
          'unsupported CDI version',
          'invalid version 0.7',
          'invalid version 0.8',
          'invalid version v0',
          'invalid cdiVersion',
          'failed to load CDI Spec invalid CDI Spec',
        ],
        0.95,
        { kind: 'cause' },
      ),
      s(
        [
          'unknown field additionalGids',
          'field additionalGids not found',
          'unknown field intelRdt',
          'unknown field netDevices',
          'unknown field hostPath',
          'unknown field annotations',
        ],
        0.96,
        { kind: 'cause', also: ['CDI Spec'] },
      ),
      s('unknown field additionalGids', 0.8, { kind: 'cause' }),
      s('cdiVersion: 0.7', 0.5, { also: ['unresolvable CDI devices'] }),
      s('unresolvable CDI devices', 0.12),
    ],
  },
  'cdi-spec-malformed': {
    tell: 'nvidia-ctk cdi list 2>&1 | grep -iE "fail|invalid": it names the file and the line',
    shows: [
      s(
        [
          'failed to parse CDI Spec … failed to unmarshal CDI Spec',
          'failed to unmarshal CDI Spec',
          'no Spec data',
          'invalid device, empty device edits',
          'json: unknown field envs',
          'error converting YAML to JSON',
          'empty device edits',
        ],
        0.92,
        { kind: 'cause' },
      ),
      s(
        [
          'failed to parse CDI Spec',
          'Refreshing the CDI registry returned the following error',
          'The following registry errors were reported',
          'failed to load CDI Spec',
          'failed add device',
        ],
        0.68,
        { kind: 'cause' },
      ),
      s('/etc/cdi … yaml: line', 0.8, { kind: 'cause' }),
    ],
    follows: ['cdi-version-too-new', 'cdi-spec-conflict'],
  },
} satisfies Partial<Record<ModeId, Signs>>;
