/** Machines whose packages of the toolkit are missing, old, or at odds. */
import { TOOLKIT_PACKAGES } from '../flows/rules/packages.ts';
import { simBox } from '../src/sim/index.ts';
import { machine } from '../src/sim/worlds/machine.ts';
import { type Case, demo, does, fresh, old, restart, root } from './fix-boxes.ts';

const LISTS = '/etc/apt/sources.list.d';
/** NVIDIA's source as its instructions write it, read once. */
export const sources = async (box: Parameters<typeof does>[0]): Promise<void> => {
  await box.write('/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg', 'key', root);
  await box.write(
    `${LISTS}/nvidia-container-toolkit.list`,
    'deb [signed-by=/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg] https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH) /\n',
    root,
  );
  await does(box, 'apt-get', 'update');
};

export const packageCases: Readonly<Record<string, Case>> = {
  'toolkit not installed, and no source has it': {
    box: demo('toolkit-missing'),
    finding: 'toolkit-not-installed',
    offers: ['install-toolkit'],
  },
  'toolkit not installed, the source is there': {
    box: async () => {
      const box = await demo('toolkit-missing')();
      await sources(box);
      return box;
    },
    finding: 'toolkit-not-installed',
    offers: ['install-toolkit'],
  },
  'the package came after Docker had started': {
    box: async () => {
      const box = simBox(machine({ name: 'late', docker: '26.1.5', toolkit: null }));
      await sources(box);
      await does(box, 'apt-get', 'install', '-y', ...TOOLKIT_PACKAGES);
      return box;
    },
    finding: 'docker-no-device-driver',
    offers: ['restart-docker-for-toolkit'],
    leaves: ['docker-runtime-not-registered'],
  },
  'the package was there, was removed and came again while Docker ran': {
    box: old(async box => {
      await sources(box);
      await does(box, 'apt-get', 'remove', '-y', ...TOOLKIT_PACKAGES);
      await does(box, 'apt-get', 'install', '-y', ...TOOLKIT_PACKAGES);
    }),
    finding: 'docker-no-device-driver',
    isByName: true,
    offers: ['restart-docker-for-toolkit'],
  },
  'only the base package, on Docker 26': {
    box: old(async box => {
      await sources(box);
      await does(box, 'apt-get', 'remove', '-y', 'nvidia-container-toolkit');
      await restart(box);
    }),
    finding: 'toolkit-base-only',
    offers: ['install-full-toolkit'],
  },
  'the CLI was removed': {
    box: old(async box => {
      await sources(box);
      await does(box, 'apt-get', 'remove', '-y', 'libnvidia-container-tools');
    }),
    finding: 'toolkit-version-skew',
    offers: ['align-toolkit-versions'],
  },
  'the package is there, its program is not': {
    box: old(async box => {
      await sources(box);
      await does(box, 'apt-get', 'install', '-y', ...TOOLKIT_PACKAGES);
      await restart(box);
      await does(box, 'rm', '-f', '/usr/bin/nvidia-container-cli');
    }),
    finding: 'toolkit-version-skew',
    offers: ['align-toolkit-versions'],
  },
  'a new toolkit with an old CLI': {
    box: old(async box => {
      await sources(box);
      await does(box, 'apt-get', 'install', '-y', 'libnvidia-container-tools=1.16.2-1');
    }),
    finding: 'toolkit-version-skew',
    offers: ['align-toolkit-versions'],
  },
  'a toolkit with known holes': {
    box: async () => {
      const box = await demo('ldconfig-real')();
      await sources(box);
      return box;
    },
    finding: 'toolkit-known-vulnerable',
    isByName: true,
    offers: ['align-toolkit-versions'],
  },
  'two files for one source': {
    box: old(async box => {
      await sources(box);
      await box.write(
        `${LISTS}/libnvidia-container.list`,
        'deb https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH) /\n',
        root,
      );
    }),
    finding: 'toolkit-repo-conflict',
    isByName: true,
    offers: ['remove-old-package-source'],
  },
  'a channel that no fabric gave out': {
    box: fresh(async () => {}),
    finding: 'imex-channel-missing',
    isByName: true,
    offers: ['ignore-imex-channel-requests'],
  },
  'fields of OCI that toolkit 1.20 does not know': {
    box: fresh(async () => {}),
    finding: 'unknown-oci-spec-field',
    isByName: true,
    offers: ['allow-unknown-oci-fields', 'align-toolkit-versions'],
  },
};
