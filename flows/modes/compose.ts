import { entry } from './entry.ts';

const layer = 'Compose file';

/** Section 2.10: what Compose files and the containers made from them ask for. */
export const compose = [
  entry('compose-legacy-schema', {
    layer,
    line: 'An old docker-compose, or an old version line, does not know these keys.',
    paragraph: `The Python docker-compose before 1.28, or a file that follows the rules of version 3, refuses devices, runtime or gpus. The plugin (docker compose, version
      2) reads them all and takes no notice of the version line. Use the plugin.`,
    mechanism: `runtime was allowed in files of version 2.3 and 2.4 and is again in the Compose specification; reservations with devices came with 1.28. docker-compose and
      docker compose may be two different programs on one machine.`,
    evidence: '[I]; seed 0 calls docker-compose',
    not: {
      'compose-cdi-syntax-too-new': 'the file is accepted and Docker complains about a device.',
      'compose-device-request-invalid': 'the key is known and its content is refused.',
    },
    guide: [
      'docker compose version and docker-compose version: use docker compose, and install the plugin where it is missing. Re-probe: docker compose config.',
    ],
    seeds: 'Seed 0 uses docker-compose; harmless where that is a link to version 2.',
  }),
  entry('compose-cdi-syntax-too-new', {
    layer,
    line: 'An older Compose takes nvidia.com/gpu=0 for a path of the host.',
    paragraph: `CDI names under devices and the key gpus need Compose 2.30, the short gpus: all needs 2.33. Before, the name is handed on as a path, and Docker finds no such device.
      Upgrade the plugin, or write a reservation with driver: cdi, which older versions pass through.`,
    mechanism:
      'Compose 2.26.1 makes a path mapping of the name; the daemon then says "error gathering device information".',
    evidence: '[S], 2.26.1 [R]; seed 1, section 2',
    not: { 'cdi-disabled-in-docker': 'docker run --device nvidia.com/gpu=all fails too.' },
    guide: [
      'docker compose version: 2.30 or later, or deploy.resources.reservations.devices with driver: cdi and device_ids. Re-probe: docker compose config.',
    ],
    seeds: 'Seed 1 writes devices: - nvidia.com/gpu=0 and does not say that it needs Compose 2.30.',
  }),
  entry('compose-device-request-invalid', {
    layer,
    line: 'count and device_ids exclude each other; capabilities is a must.',
    paragraph: `A reservation names a number or a list, never both, and must say capabilities: [gpu]. With driver: cdi it names full CDI names and no number. Compose or Docker refuses anything
      else before a container exists.`,
    mechanism:
      'Compose checks capabilities and the pair; the daemon checks again, and for the CDI driver also that there are neither count nor options.',
    evidence: '[S], texts [R]',
    not: { 'visible-devices-unknown': 'the request is well formed and names a GPU that is not there.' },
    guide: [
      'Keep count or device_ids, quote the ids, add capabilities: [gpu]. Re-probe: docker compose config, then a start.',
    ],
  }),
  entry('compose-service-without-gpu-request', {
    layer,
    line: 'The program runs on the CPU, and nothing complains.',
    paragraph: `The record of the container holds no request: neither a runtime nor a device request nor a node. The request may stand in an override that was not given, in another profile or service,
      or it was added after the container was created. Add one request and recreate the container.`,
    mechanism: `A restart keeps the old record; only a recreate reads the file again. The label com.docker.compose.project.config_files names the files that were used. A fall-back to a CPU profile
      looks exactly like this.`,
    evidence: '[F], the record itself decides; seed 1, section 4',
    not: {
      'visible-devices-unset': 'the nvidia runtime is there and only the variable is missing.',
      'image-cpu-only-framework': 'the request is there and cuInit returns 0.',
    },
    guide: [
      'docker compose config SERVICE shows what the files say; docker inspect shows what was created.',
      'docker compose up -d --force-recreate SERVICE; re-probe with gpumedic check --container NAME.',
    ],
    seeds: 'Seed 1 falls back to a CPU profile by itself, which hides exactly this; report it loudly instead.',
  }),
  entry('compose-stacked-mechanisms', {
    layer,
    line: 'Each is enough by itself; together they hide each other.',
    paragraph: `Runtime, reservation, device nodes, mounted libraries and a library path in one service come from recipes that were added to each other. The service may work only until the next driver
      update. Keep one way and take the others away one at a time.`,
    mechanism:
      'A mounted libcuda of a fixed version shadows the injected one (803); LD_LIBRARY_PATH overrides the loader cache that the injection refreshed.',
    evidence: '[S]; seed 2, section 3',
    not: { 'mixed-runtime-and-vendor-cdi': 'one variable holds two kinds of names and the start is refused.' },
    guide: [
      'Keep the CDI name or the reservation, remove one other item, recreate, test nvidia-smi and cuInit, then the next. Re-probe after each.',
    ],
    seeds: "Seed 2's template stacks all of them and calls each necessary.",
  }),
  entry('bind-mounted-driver-file-missing', {
    layer,
    line: 'Docker made an empty folder where a library should be.',
    paragraph: `The container mounts a driver file by the name of one version. After an update that file is gone; Docker makes a folder of its name on the host, and in the container nvidia-smi finds no
      library or the start fails. One GPU request brings all the files; drop the mounts.`,
    mechanism: `The short volume syntax creates a missing source as an empty directory owned by root. The legacy way then ends in exit 12 of nvidia-smi, jit-cdi in "failed to create symlink: is a
      directory".`,
    evidence: '[R]; seed 2, section 3',
    not: {
      'nvml-lib-missing': 'nvidia-smi on the host fails the same way.',
      'image-bundles-driver-libs': 'nothing is mounted and the file stands in the image.',
    },
    guide: [
      'Drop the mounts, recreate the container, and take the empty folders away with rmdir (never rm -r). Re-probe: nvidia-smi -L in the container.',
    ],
    seeds: "Seed 2's template does this at the next driver update.",
  }),
];
