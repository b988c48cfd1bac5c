import { check, flow, stop, works } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need } from '../src/engine/known.ts';
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
        const listed = f.csvLines.paths.filter(p => !p.path.includes('*'));
        const gone = listed.filter(p => f.csvPaths.there.get(p.path) === false);
        const unsure = listed.flatMap(p => f.csvPaths.there.get(p.path) ?? []).filter(isUnknown);
        const open = [...f.csvLines.unread, ...unsure];
        if (gone.length === 0 && open.length > 0) throw new CannotTell(open);
        return gone.length === 0
          ? { is: 'complete', found: `${lists.join(', ')}: ${f.csvLines.paths.length} entries, all there` }
          : {
              is: 'gaps',
              found: `${gone.length} of ${f.csvLines.paths.length} entries are missing${otherRelease(
                gone.map(p => p.path),
                boardOf(f),
              )}`,
              seen: gone.slice(0, 6).map(p => ({ from: p.list, shows: `${p.kind}, ${p.path}: not there` })),
            };
      },
      on: {
        complete: works,
        gaps: stop('tegra-csv-missing-or-empty'),
        none: stop('tegra-csv-missing-or-empty'),
        cannotTell: works,
      },
    }),
  },
});
