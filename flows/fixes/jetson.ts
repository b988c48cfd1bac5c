/** Fixes of a Jetson by itself: the mode of a toolkit that does not know it, and the lists of its files. */
import { or } from '../../src/engine/known.ts';
import { read } from '../../src/engine/probe.ts';
import { setToml } from '../../src/text/toml.ts';
import { OPERATOR_CONFIG } from '../probes/operator.ts';
import { CSV_DIR } from '../probes/tegra.ts';
import { CONFIG } from '../probes/toolkit.ts';
import { boardOf, readsThor } from '../rules/tegra.ts';
import { applies, edits, isRefused, known, refuse, replaces } from './make.ts';

export const csvMode = applies({
  id: 'set-mode-csv',
  title: 'Tell an old toolkit that this is a Jetson (mode = "csv")',
  mends: ['tegra-thor-misdetected'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.14 tegra-thor-misdetected (bridges the time until the upgrade); seed 3, Root Cause 5',
  fits: f =>
    boardOf(f)?.thor === true &&
    readsThor(or(f.operator.toolkit, false) ? f.operator.toolkitVersion : f.toolkit.version) === false,
  touches: f => [or(f.operator.toolkit, false) ? OPERATOR_CONFIG : CONFIG],
  plan: f => {
    const own = or(f.operator.toolkit, false);
    const path = own ? OPERATOR_CONFIG : CONFIG;
    const text = known(own ? f.operator.config : f.config.text, path);
    if (isRefused(text)) return text;
    const step = edits(
      path,
      text,
      setToml(text, 'nvidia-container-runtime', 'mode', '"csv"'),
      'this version would take Thor for an ordinary machine',
      0o644,
    );
    return isRefused(step)
      ? step
      : {
          summary: `Bridges the time until toolkit 1.17.7 or later is here; then set it back to auto. ${own ? 'The handler is the copy of the Operator, so its own file is changed, not the one in /etc.' : 'It is read at the next start of a container.'}`,
          steps: [step],
          afterwards: ['Upgrade the toolkit to 1.19 or later, then set mode = "auto" again.'],
        };
  },
});

const DEVICES = `${CSV_DIR}/devices.csv`;
export const listNvmap = applies({
  id: 'list-nvmap',
  title: 'Name /dev/nvmap in devices.csv',
  mends: ['tegra-nvmap-noise'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.14 tegra-nvmap-noise',
  fits: f =>
    or(f.nvmap.exists, false) === true &&
    f.csvLines.paths.some(p => p.list === 'devices.csv') &&
    !f.csvLines.paths.some(p => p.path === '/dev/nvmap'),
  touches: () => [DEVICES],
  needs: () => ({ devices: read(DEVICES) }),
  plan: (_, a) => {
    if (a.devices.kind !== 'file') return refuse(`${DEVICES} could not be read`);
    const before = a.devices.text;
    return {
      summary:
        'One line, so that CUDA on the integrated GPU gets its memory. The rest of the list stays; lists of another release never fit.',
      steps: [
        replaces(
          DEVICES,
          before,
          `${before.replace(/\n*$/, '\n')}dev, /dev/nvmap\n`,
          'CUDA of an Orin takes its memory through this node',
        ),
      ],
      afterwards: ['Start the container again; with a toolkit before 1.19 add --group-add video.'],
    };
  },
});

export const jetsonFixes = [csvMode, listNvmap];
