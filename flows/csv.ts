import { check, flow, note, stop, works } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need } from '../src/engine/known.ts';
import type { Facts } from './probes/index.ts';
import { type Board, boardOf } from './rules/tegra.ts';

/** The folder of the libraries changed with R36, so lists of the other side give themselves away. */
const otherRelease = (gone: readonly string[], board: Board | null): string => {
  const major = Number(board?.release?.split('.')[0] ?? Number.NaN);
  if (Number.isNaN(major)) return '';
  const foreign = major >= 36 ? '/aarch64-linux-gnu/tegra/' : '/aarch64-linux-gnu/nvidia/';
  return gone.some(p => p.includes(foreign))
    ? `; the lists are of a release ${major >= 36 ? 'before' : 'from'} R36`
    : '';
};

type Entries = Facts['csvLines']['paths'];
/** What every CUDA program of a Jetson loads, by the beginnings of its libraries' names. */
const CORE_LIB = /\/lib(cuda|nvidia-(ml|ptxjitcompiler|nvvm|rm)|nvrm|nvos|nvsocsys|nvsci)[\w.-]*\.so/;
const GPU_NODE = /^\/dev\/(nvmap$|nvhost-(ctrl-|as-)?gpu|nvgpu\/|nvidia)/;

/** Of the missing entries those without which the GPU is of no use: a library of the driver, or the last of its nodes. */
const coreOf = (listed: Entries, gone: Entries): Entries => {
  const nodes = listed.filter(p => p.kind === 'dev' && GPU_NODE.test(p.path));
  const isNodeless = nodes.length > 0 && nodes.every(p => gone.includes(p));
  return gone.filter(p => (p.kind === 'lib' && CORE_LIB.test(p.path)) || (isNodeless && nodes.includes(p)));
};

/** csv mode: the runtime turns lists of files into the container's mounts. */
export const csv = flow({
  id: 'csv',
  title: 'CSV lists',
  about: 'On a Jetson the runtime injects what CSV lists name.',
  start: 'lists',
  nodes: {
    lists: check({
      title: 'CSV lists',
      question: 'Do the CSV lists exist, and does what they name exist?',
      why: {
        line: 'A file that a list names and the host lacks is left out without an error.',
        paragraph:
          'The runtime turns devices.csv, drivers.csv and l4t.csv into the mounts of the container. Missing files are only warnings in its own log, so the container starts without its libraries.',
        mechanism:
          'csv mode builds a CDI spec in memory from the lists; lines are "dev|dir|lib|sym, path". The folder changed from tegra to nvidia with R36.',
      },
      source: 'tegra-csv-missing-or-empty; seed 3',
      probes: ['csvLists', 'csvLines', 'csvPaths', 'where', 'smi'],
      decide: f => {
        const lists = need(f.csvLists.lists);
        if (lists.length === 0)
          return {
            is: 'none',
            found: 'no CSV list',
            seen: [
              {
                from: '/etc/nvidia-container-runtime/host-files-for-container.d',
                shows: 'holds no devices.csv, drivers.csv or l4t.csv',
              },
            ],
          };
        if (f.csvLines.paths.length === 0 && f.csvLines.unread.length === 0)
          return {
            is: 'empty',
            found: 'no list names anything',
            seen: lists.map(name => ({ from: name, shows: 'no line of the form "dev|dir|lib|sym, path"' })),
          };
        const listed = f.csvLines.paths.filter(p => !p.path.includes('*'));
        const gone = listed.filter(p => f.csvPaths.there.get(p.path) === false);
        const unsure = listed.flatMap(p => f.csvPaths.there.get(p.path) ?? []).filter(isUnknown);
        const open = [...f.csvLines.unread, ...unsure];
        const core = coreOf(listed, gone);
        if (core.length === 0 && open.length > 0) throw new CannotTell(open);
        if (gone.length === 0)
          return { is: 'complete', found: `${lists.join(', ')}: ${f.csvLines.paths.length} entries, all there` };
        return {
          is: core.length > 0 ? 'gaps' : 'lesser',
          found: `${gone.length} of ${f.csvLines.paths.length} entries are missing${core.length > 0 ? '' : ', none that CUDA needs'}${otherRelease(
            gone.map(p => p.path),
            boardOf(f),
          )}`,
          seen: [...core, ...gone.filter(p => !core.includes(p))]
            .slice(0, 6)
            .map(p => ({ from: p.list, shows: `${p.kind}, ${p.path}: not there` })),
        };
      },
      on: {
        complete: works,
        gaps: stop('tegra-csv-missing-or-empty'),
        // The lists of a release name nodes and plugins of every board; a sound one lacks some of them.
        lesser: note('tegra-csv-missing-or-empty', works),
        empty: stop('tegra-csv-missing-or-empty'),
        none: stop('tegra-csv-missing-or-empty'),
        cannotTell: works,
      },
    }),
  },
});
