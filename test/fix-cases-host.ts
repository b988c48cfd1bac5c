/** Machines on which a file, a node or a context is at odds with what reads it. */
import { CONFIG } from '../flows/probes/toolkit.ts';
import { simBox } from '../src/sim/index.ts';
import { healthyNew } from '../src/sim/worlds/healthy.ts';
import { type Case, does, edit, fresh, old, root, SPEC, spec } from './fix-boxes.ts';

const RUN_SPEC = '/var/run/cdi/nvidia.yaml';

export const hostCases: Readonly<Record<string, Case>> = {
  'ldconfig is a script': {
    box: old(async box => {
      await does(box, 'mkdir', '-p', '/opt/bin');
      await box.write('/opt/bin/ldconfig', '#!/bin/sh\nexec /sbin/ldconfig "$@"\n', { ...root, mode: 0o755 });
      await edit(box, CONFIG, t => t.replace('"@/sbin/ldconfig"', '"@/opt/bin/ldconfig"'));
    }),
    finding: 'container-ldcache-not-updated',
    offers: ['set-ldconfig-path', 'set-mode-cdi'],
  },
  'a spec with the uvm number of another boot': {
    box: fresh(async box => edit(box, RUN_SPEC, t => t.replaceAll('major: 508', 'major: 511'))),
    finding: 'cdi-spec-stale-device-major',
    offers: ['regenerate-cdi-spec'],
  },
  'a spec that names a node which is not made any more': {
    box: old(async box => {
      await spec(box, SPEC, t =>
        t.replace('- path: /dev/nvidiactl', '- path: /dev/nvidiactl\n  - path: /dev/nvidia-caps-old'),
      );
      await edit(box, CONFIG, t => t.replace('mode = "auto"', 'mode = "cdi"'));
    }),
    finding: 'cdi-host-device-missing',
    offers: ['regenerate-cdi-spec'],
    leaves: ['hook-in-nonlegacy-mode'],
  },
  'a spec that only root may read, and an engine without root': {
    box: async () => {
      const world = {
        ...healthyNew(),
        user: {
          uid: 1000,
          gid: 1000,
          name: 'ada',
          groups: [
            [27, 'sudo'],
            [999, 'docker'],
          ] as const,
        },
      };
      const box = simBox(world);
      await does(box, 'chmod', '0600', RUN_SPEC);
      return box;
    },
    finding: 'cdi-spec-permission',
    offers: ['make-cdi-spec-readable'],
  },
  'a loader cache that only root may read': {
    box: old(async box => does(box, 'chmod', '0600', '/etc/ld.so.cache')),
    finding: 'nvml-lib-missing',
    isByName: true,
    offers: ['make-loader-cache-readable'],
  },
  'the docker command leads to Docker Desktop': {
    box: old(async box => does(box, 'docker', 'context', 'use', 'desktop-linux')),
    finding: 'docker-desktop-linux',
    offers: ['use-default-docker-context'],
  },
};
