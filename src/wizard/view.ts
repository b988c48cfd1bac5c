/** State to View: what is to be shown. Both screens draw from it; neither decides. */
import { excerpt } from '../text/sanitize.ts';
import { headerOf } from './header.ts';
import { code, command, fact, plural, text, waysLines } from './lines.ts';
import { PATHS, type State } from './state.ts';
import { refusedOf, summaryOf } from './summary.ts';
import { projectsView, troubleView } from './view-projects.ts';
import { pasteView, toldView } from './view-texts.ts';
import { BLANK, type Choice, MOVE, TAIL, type View } from './view-types.ts';
import { proposal, walkView } from './view-walk.ts';

export type { Line, Tone } from './lines.ts';
export type { Choice, View } from './view-types.ts';

const HELP: readonly (readonly [string, string])[] = [
  ['↑ ↓ j k', 'move, or scroll where there is no menu'],
  ['Enter', 'choose, or go on with what is ticked; it never confirms a change'],
  ['y / n', 'answer a question; only y changes anything'],
  ['Space', 'next page of a long text; ticks a row that has a box'],
  ['w', 'why it matters, deeper each time'],
  ['e', 'evidence, whole'],
  ['d', 'diff'],
  ['c', 'commands instead of the diff'],
  ['b Esc ←', 'back'],
  ['q', 'quit with a summary'],
  ['Ctrl-C', 'stop; while applying it finishes the step and undoes'],
];

const FIRST = (state: State): readonly Choice[] => [
  { id: 'why', label: 'Find out why the GPU does not work here' },
  { id: 'text', label: 'I have an error message' },
  { id: 'ways', label: 'How can I ask for the GPU on this machine?' },
  { id: 'paths', label: 'Choose a path: hook, CDI, virtual machine, Jetson/k3s, missing module' },
  { id: 'containers', label: 'Look at one container' },
  { id: 'projects', label: 'Project files: Compose files, Dockerfiles, manifests' },
  { id: 'persistence', label: 'What survives a reboot and a driver update?' },
  ...(state.hasDemos
    ? [{ id: 'demos', label: state.isAway ? 'Try another simulated broken box' : 'Try a simulated broken box' }]
    : []),
  { id: 'undo', label: 'Undo an earlier change' },
  ...(state.hasDemos && !state.isAway ? [{ id: 'learn', label: 'Learn how a GPU gets into a container' }] : []),
  ...(state.isAway ? [{ id: 'home', label: 'Leave the simulation' }] : []),
];

const when = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

const screen = (state: State): Partial<View> => {
  const { at } = state;
  if (state.help)
    return {
      lead: [text('Keys', 'strong')],
      body: HELP.map(([key, does]) => fact(key, does)),
      keys: [
        ['?', 'close'],
        ['b', 'back'],
      ],
    };
  switch (at.at) {
    case 'menu':
      return { isTop: true, choices: FIRST(state), keys: [...MOVE, ['?', 'help'], ['q', 'quit']] };
    case 'ways': {
      const { report } = at;
      const failing = report?.ways.filter(w => w.works === false) ?? [];
      return {
        isTop: true,
        lead: [
          text(
            report === null ? 'Looking how the GPU can be asked for …' : 'How you can ask for the GPU here',
            'strong',
          ),
        ],
        body:
          report === null
            ? []
            : report.ways.length === 0
              ? [text('No container engine is installed here.')]
              : waysLines(report, state.modes),
        choices:
          report === null
            ? []
            : [
                { id: 'menu', label: 'Back' },
                ...failing.map(w => ({ id: `way ${w.way}`, label: `Make it work: ${w.how}` })),
              ],
        keys: [...MOVE, ...TAIL],
      };
    }
    case 'paths':
      return {
        isTop: true,
        lead: [text('Choose a path', 'strong')],
        choices: [...PATHS.map(p => ({ id: p.id, label: p.title })), { id: 'menu', label: 'Back' }],
        keys: [...MOVE, ...TAIL],
      };
    case 'demos':
      return {
        lead: [text('Simulated boxes; nothing real is touched', 'strong')],
        choices: (at.list ?? []).map(d => ({ id: d.name, label: d.name, hint: d.title })),
        keys: [...MOVE, ...TAIL],
      };
    case 'containers':
      return {
        isTop: true,
        lead: [
          text(
            at.list === null
              ? 'Looking which containers there are …'
              : at.list.length === 0
                ? 'Docker knows no container here, running or stopped.'
                : 'Which container? Nothing in it is changed; programs in a running one are asked, a stopped one is not started.',
            'strong',
          ),
        ],
        choices:
          at.list === null
            ? []
            : [
                ...at.list.map(c => ({ id: `container ${c.name}`, label: c.name, hint: `${c.state}, ${c.image}` })),
                { id: 'menu', label: 'Back' },
              ],
        keys: [...MOVE, ...TAIL],
      };
    case 'paste':
      return pasteView(at.pasted);
    case 'told':
      return toldView(at.told, state);
    case 'projects':
      return projectsView(at.all);
    case 'trouble':
      return troubleView(at.trouble, at.all);
    case 'mend':
      return proposal(at.plan, state);
    case 'past':
      return {
        isTop: true,
        lead: [
          text(
            at.sessions === null
              ? 'Looking …'
              : at.sessions.length === 0
                ? 'Nothing stands that could be undone.'
                : 'Which change shall be undone?',
            'strong',
          ),
        ],
        choices:
          at.sessions === null
            ? []
            : [
                ...at.sessions.map(s => ({ id: s.id, label: `${s.id}  ${s.title}`, hint: when(s.when) })),
                { id: 'menu', label: 'Back' },
              ],
        keys: [...MOVE, ...TAIL],
      };
    case 'undo':
      return {
        isTop: true,
        lead: [text(`Undo ${at.session.id}: ${at.session.title}`, 'strong')],
        body: at.session.touches.map(t => fact('puts back', t)),
        confirm: 'Undo it?',
        keys: [
          ['y', 'yes'],
          ['n', 'no'],
          ['b', 'back'],
        ],
      };
    case 'unfinished':
      return {
        isTop: true,
        lead: [text(`An earlier run was interrupted while it applied: ${at.session.title}`, 'strong', 'unsure')],
        body: at.session.touches.map(t => fact('touches', t)),
        choices: [
          { id: 'later', label: 'Decide later' },
          { id: 'undo', label: 'Undo what was done' },
          { id: 'finish', label: 'Finish it' },
        ],
        keys: [...MOVE, ...TAIL],
      };
    case 'page':
      return {
        lead: [text(at.page.title, 'strong')],
        body: at.page.lines.flatMap(l => excerpt(l, 400, 4000).split('\n')).map(l => code(l)),
        choices: [{ id: 'back', label: 'Back' }],
        keys: [...MOVE, ...TAIL],
      };
    case 'busy':
      return { lead: [text(at.what, 'strong')], since: at.since, keys: [['Ctrl-C', 'stop']] };
    case 'proof':
      return {
        lead: [
          text(
            `Nothing stops it${(state.walk?.applied.length ?? 0) > 0 ? ' any more' : ''}. Prove it by a real container?`,
            'strong',
            'ok',
          ),
        ],
        body: [
          command(at.proof.argv.join(' ')),
          text(
            `from an image that is already here; nothing is pulled, the container is removed again. It proves that the GPU is listed; not that CUDA computes.`,
            'dim',
          ),
        ],
        confirm: 'Run it?',
        keys: [
          ['y', 'yes'],
          ['n', 'no'],
          ['?', 'help'],
        ],
      };
    case 'end':
      return {
        body: [
          ...summaryOf(state),
          ...(state.walk?.report ? [text(''), ...waysLines(state.walk.report, state.modes)] : []),
        ],
        choices: [
          ...refusedOf(state).map(c => ({ id: `container ${c.name}`, label: `Look at ${c.name}` })),
          { id: 'quit', label: 'Quit' },
          { id: 'menu', label: 'Back to the first screen' },
          ...(state.walk?.report?.ways ?? [])
            .filter(w => w.works === false && state.walk?.report?.verdict === 'ok')
            .map(w => ({ id: `way ${w.way}`, label: `Make it work: ${w.how}` })),
          ...(state.changes > 0 ? [{ id: 'undo', label: 'Undo a change' }] : []),
          ...(state.hasDemos && state.walk?.report?.verdict !== 'ok'
            ? [{ id: 'demos', label: 'Try a simulated broken box' }]
            : []),
        ],
        keys: [...MOVE, ...TAIL],
      };
    case 'walk':
      return state.walk ? walkView(state.walk, state) : {};
  }
};

export const viewOf = (state: State, version: string): View => ({
  ...BLANK,
  title: `gpumedic ${version}${state.kind === 'live' ? '' : ` · ${state.box}`}`,
  status: state.changes === 0 ? 'nothing changed' : `${plural(state.changes, 'change')}`,
  header: headerOf(state.machine, state.box),
  trail: state.trail,
  ...screen(state),
});
