/** What is shown of project files: the list of what is wrong, and one finding with its mends. */
import type { FileFinding } from '../files/finding.ts';
import { printable } from '../text/sanitize.ts';
import { code, fact, type Line, plural, text } from './lines.ts';
import type { Projects, Trouble } from './projects.ts';
import { MOST_ROWS, MOVE, TAIL, type View } from './view-types.ts';
import type { Sign } from './walk.ts';

const SIGN: Readonly<Record<FileFinding['severity'], Sign>> = { fault: 'broken', risk: 'unsure', note: 'note' };
/** Lines of the file that are shown with a finding. */
const EXCERPT = 8;

/** Below the folder that was looked through, as it is called from there. */
const nearPath = (path: string, folders: readonly string[]): string => {
  const folder = folders.find(f => path.startsWith(`${f === '/' ? '' : f}/`));
  return printable(folder === undefined ? path : path.slice(folder === '/' ? 1 : folder.length + 1));
};
const placeOf = (finding: FileFinding, { folders }: Projects): string =>
  `${nearPath(finding.path, folders)}:${finding.line}`;

const headOf = ({ files, troubles, folders }: Projects): Line => {
  if (files.length === 0 && folders.length === 0)
    return text('The engine of this box knows no Compose project.', 'strong');
  const faults = troubles.filter(t => t.finding.severity === 'fault').length;
  if (files.length === 0)
    return text(
      'No Compose file, Dockerfile or manifest below this folder, and the engine knows no project.',
      'strong',
    );
  if (troubles.length === 0) return text(`${plural(files.length, 'file')} read, nothing is wrong`, 'strong', 'ok');
  return text(
    `${plural(files.length, 'file')} read, ${plural(faults, 'fault')} and ${plural(troubles.length - faults, 'remark')}`,
    'strong',
    faults > 0 ? 'broken' : 'note',
  );
};

export const projectsView = (all: Projects): Partial<View> => ({
  isTop: true,
  lead: [headOf(all)],
  choices: [
    ...all.troubles.slice(0, MOST_ROWS).map((t, i) => ({
      id: `trouble ${i}`,
      label: placeOf(t.finding, all),
      hint: `${t.finding.severity}: ${printable(t.finding.title)}`,
    })),
    { id: 'menu', label: 'Back' },
  ],
  keys: [...MOVE, ...TAIL],
});

const excerptOf = ({ finding, plans }: Trouble): readonly Line[] => {
  const edit = plans.flatMap(p => p.steps).find(s => s.do === 'edit' && s.path === finding.path);
  if (edit?.do !== 'edit' || edit.before === null) return [];
  const lines = edit.before.split('\n').slice(finding.line - 1, Math.min(finding.endLine, finding.line - 1 + EXCERPT));
  return lines.map((l, i) => code(`${String(finding.line + i).padStart(4)}  ${printable(l)}`, 'dim'));
};

export const troubleView = (trouble: Trouble, all: Projects): Partial<View> => {
  const { finding, plans } = trouble;
  return {
    lead: [text(`${printable(finding.title)}  (${finding.id})`, 'strong', SIGN[finding.severity])],
    body: [
      fact('File', placeOf(finding, all)),
      ...(finding.subject === null ? [] : [fact('Concerns', printable(finding.subject))]),
      ...excerptOf(trouble),
      text(printable(finding.message)),
      ...(finding.works.length > 0 ? [fact('Works here', finding.works.join(', '))] : []),
      ...(plans.length === 0 && finding.snippet === null ? [text('Nothing is offered for it here.', 'dim')] : []),
      ...(plans.length === 0 && finding.snippet !== null
        ? [
            text('No edit is offered; this could be pasted instead:'),
            ...printable(finding.snippet)
              .trimEnd()
              .split('\n')
              .map(l => code(l)),
          ]
        : []),
    ],
    choices: [
      ...plans.map((p, i) => ({ id: `mend ${i}`, label: `Mend it: ${printable(p.title)}` })),
      { id: 'list', label: 'Back to the list' },
      { id: 'menu', label: 'Back to the first screen' },
    ],
    keys: [...MOVE, ['Space', 'scroll'], ...TAIL],
  };
};
