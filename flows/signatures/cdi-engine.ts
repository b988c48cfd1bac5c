import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';

/** Section 2.8, second half: engines, units and hooks around CDI. */
export const cdiEngineSigns = {
  'cdi-spec-crashes-engine': {
    tell: 'grep -nE "kind" /etc/cdi/* /var/run/cdi/*: a vendor or class of one letter?',
    shows: [
      s(['validateVendorOrClassName', 'parser.validateVendorOrClassName'], 0.97, { kind: 'cause' }),
      s('slice bounds out of range [1:0]', 0.93, { kind: 'cause' }),
      s('read: connection reset by peer', 0.15),
    ],
  },
  'cdi-disabled-in-docker': {
    tell: 'docker version -f "{{.Server.Version}}" and docker info -f "{{json .CDISpecDirs}}": null or [] means off',
    shows: [
      s(
        [
          'could not select device driver cdi',
          'could not select device driver cdi with capabilities',
          'no CDI device driver registered',
        ],
        0.95,
      ),
      s('custom device nvidia.com/gpu', 0.52, { less: { compose: 0.4 } }),
      s(['no CDI specification directories specified'], 0.4),
      s(['CDI … experimental … disabled', 'CDI support is not enabled', 'cdi is disabled', 'features.cdi'], 0.5),
      s('nvidia.com/gpu is not an absolute path', 0.3),
    ],
  },
  'cdi-disabled-in-containerd': {
    tell: 'containerd config dump | grep -n enable_cdi',
    shows: [
      s(
        [
          'requested but CDI support is explicitly disabled',
          'CDI support is explicitly disabled',
          'CDI support is disabled',
        ],
        0.95,
      ),
      s('enable_cdi = false', 0.75),
      s('enable_cdi', 0.4),
    ],
  },
  'cdi-refresh-unit-inactive': {
    tell: 'systemctl is-enabled nvidia-cdi-refresh.path nvidia-cdi-refresh.service and journalctl -u nvidia-cdi-refresh',
    shows: [
      s(
        [
          'nvidia-cdi-refresh.service: … <Start request repeated|Condition|Failed|Main process exited|ExecCondition>',
          'nvidia-cdi-refresh.service … disabled',
          'Failed to start nvidia-cdi-refresh',
          'nvidia-cdi-refresh … condition … was not met',
          'nvidia-cdi-refresh … skipped',
          'nvidia-cdi-refresh.path … disabled',
          'nvidia-cdi-refresh … failed',
          'nvidia-cdi-refresh … inactive',
        ],
        0.88,
      ),
      s(['nvidia-cdi-refresh', 'nvidia-cdi.service'], 0.5),
      s(
        [
          'Failed to start nvidia-cdi.service',
          'Failed to start nvidia-cdi-generate',
          'Failed to start nvidia-container-toolkit-cdi-generator',
        ],
        0.7,
      ),
    ],
    follows: ['gpu-fallen-off-bus', 'kernel-module-not-loaded', 'driver-library-version-mismatch'],
  },
  'own-generate-unit-broken': {
    tell: 'systemd-analyze verify FILE of the hand-written unit, and systemctl is-enabled',
    shows: [
      s(
        [
          'Unit dockerd.service not found',
          'dockerd.service … not found',
          'Failed to parse Type=',
          'Unknown section Instal',
          'Unknown key RemainAfterExits',
          'Failed to parse service type, ignoring',
          'Failed to parse service restart',
        ],
        0.85,
      ),
      s('.service: Command … is not executable', 0.8, { also: ['nvidia'] }),
      s(['nvidia-cdi-generate.service', 'docker-nvidia-setup.service'], 0.5),
      s(['Unknown key name … in section', 'Unknown key … in section Service'], 0.5, { also: ['nvidia'] }),
    ],
  },
  'cdi-hook-binary-missing': {
    tell: 'the path of nvidia-cdi-hook in the spec: does it exist (grep -ho "path: .*hook" /etc/cdi/*)?',
    shows: [
      s(
        [
          'fork/exec … /nvidia-cdi-hook: no such file or directory',
          'nvidia-cdi-hook: no such file or directory',
          'error executing hook /usr/bin/nvidia-cdi-hook',
          'error executing hook … nvidia-cdi-hook',
          'nvidia-cdi-hook … executable file not found',
          'stat … nvidia-cdi-hook: no such file',
        ],
        0.93,
      ),
      s(
        [
          'error executing hook /usr/bin/nvidia-ctk',
          'error executing hook … nvidia-ctk',
          'fork/exec … /nvidia-ctk: no such file',
          'nvidia-ctk: no such file or directory',
          'unknown subcommand',
          'nvidia-ctk: executable file not found',
        ],
        0.72,
        { also: ['ing hook'] },
      ),
    ],
  },
  'cdi-host-device-missing': {
    tell: 'does each path: below deviceNodes of the spec exist on the host?',
    shows: [
      s(['failed to stat CDI host device', 'stat CDI host device'], 0.86, { less: { mig: 0.4 } }),
      s(['failed to inject devices: failed to stat', 'failed to inject devices'], 0.55),
    ],
    follows: ['nvidia-uvm-missing', 'mig-reconfigured-spec-stale'],
  },
} satisfies Partial<Record<ModeId, Signs>>;
