/** State to View: what is to be shown, as plain data in reading order. Both screens draw from it; neither decides. */
import type { WayId } from '../engine/flow.ts';
import type { Plan } from '../plan/plan.ts';
import { unifiedDiff } from '../text/diff.ts';
import { clip, excerpt, printable } from '../text/sanitize.ts';
import { commandsOf, guideLines, needsRoot } from './commands.ts';
import { headerOf } from './header.ts';
import type { Report, Way } from './outside.ts';
import type { Found, Row, Sign, Walk } from './session.ts';
import { PATHS, type State } from './state.ts';
import { summaryOf } from './summary.ts';

export type Tone = 'plain' | 'strong' | 'dim' | 'add' | 'remove' | 'ok' | 'broken' | 'unsure';
export type Line =
  /** Wraps at words. */
  | { readonly kind: 'text'; readonly text: string; readonly tone?: Tone; readonly sign?: Sign }
  /** A label at the left, the text hanging beside it. */
  | { readonly kind: 'fact'; readonly label: string; readonly text: string; readonly tone?: Tone }
  /** Exact: wraps hard, loses nothing. */
  | { readonly kind: 'code'; readonly text: string; readonly tone?: Tone }
  | { readonly kind: 'way'; readonly how: string; readonly works: boolean | null; readonly because: string };

export interface Choice {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
}

export interface View {
  readonly title: string;
  /** "nothing changed", "2 changes". */
  readonly status: string;
  /** This machine in two lines. */
  readonly header: readonly [string, string];
  /** The header stands above the current thing; during a walk it has scrolled up with the history. */
  readonly isTop: boolean;
  readonly trail: readonly Row[];
  /** What is asked or found, never cut. */
  readonly lead: readonly Line[];
  /** May be longer than the screen; it scrolls. */
  readonly body: readonly Line[];
  readonly choices: readonly Choice[];
  /** A question that only a deliberate y or n answers. */
  readonly confirm: string | null;
  /** Something is being waited for since this time (ms since the epoch). */
  readonly since: number | null;
  readonly keys: readonly (readonly [key: string, does: string])[];
}

const text = (t: string, tone?: Tone, sign?: Sign): Line => ({
  kind: 'text',
  text: t,
  ...(tone && { tone }),
  ...(sign && { sign }),
});
const fact = (label: string, t: string, tone?: Tone): Line => ({ kind: 'fact', label, text: t, ...(tone && { tone }) });
const code = (t: string, tone?: Tone): Line => ({ kind: 'code', text: t, ...(tone && { tone }) });
const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

const SHORT: Readonly<Record<WayId, string>> = {
  'docker-gpus': '--gpus',
  'docker-runtime': '--runtime=nvidia',
  'docker-cdi': 'docker --device',
  'docker-runtime-cdi': 'CDI names through the runtime',
  'podman-cdi': 'podman',
};

const becauseOf = (way: Way, modes: State['modes']): string =>
  way.works === true
    ? ''
    : way.works === false && way.cause !== null
      ? (modes[way.cause]?.title ?? way.cause)
      : way.why;

export const waysLines = (report: Report, modes: State['modes']): readonly Line[] =>
  report.ways.map(w => ({ kind: 'way' as const, how: w.how, works: w.works, because: becauseOf(w, modes) }));

const findingLines = (found: Found, state: State): readonly Line[] => {
  const { why, report } = found;
  const finding = report.findings.find(f => f.id === found.id);
  const stops = report.ways.filter(
    w => w.works === false && (w.cause === found.id || finding?.explains.includes(w.way)),
  );
  const spares = report.ways.filter(w => w.works === true);
  const off = report.ways.filter(w => w.works === false && !stops.includes(w));
  const unsure = report.ways.filter(w => w.works === null);
  const names = (ways: readonly Way[]) => ways.map(w => SHORT[w.way]).join(' · ');
  const seen = state.evidence ? found.seen : found.seen.slice(0, 3);
  return [
    fact('Why it matters', why.line),
    ...(state.depth >= 1 ? [fact('More', why.paragraph)] : []),
    ...(state.depth >= 2 ? [fact('How it works', why.mechanism)] : []),
    ...(state.depth >= 3 ? [fact('Source', [found.source, found.mode?.seeds].filter(Boolean).join('. '))] : []),
    ...seen.map((s, i) =>
      fact(
        i === 0 ? 'Seen' : '',
        `${clip(printable(s.shows).replaceAll('\n', ' '), state.evidence ? 2000 : 160)}${state.evidence ? `  (${s.from})` : ''}`,
        'strong',
      ),
    ),
    ...(state.evidence && found.seen.length === 0
      ? [fact('Seen', `by ${found.probes.join(', ')}: ${found.text}`)]
      : []),
    ...(found.seen.length > seen.length ? [fact('', `${found.seen.length - seen.length} more with e`, 'dim')] : []),
    ...(found.mode?.notToConfuse ?? [])
      .slice(0, state.depth > 0 ? 9 : 1)
      .map((n, i) => fact(i === 0 ? 'Not to confuse' : '', `${n.id}: ${n.tell}`)),
    ...(stops.length > 0 ? [fact('Stops', names(stops))] : []),
    ...(spares.length > 0 ? [fact('Spares', names(spares))] : []),
    ...(off.length > 0 ? [fact('Off anyway', off.map(w => `${SHORT[w.way]} (${w.cause ?? w.why})`).join(' · '))] : []),
    ...(unsure.length > 0 ? [fact('Cannot tell', names(unsure))] : []),
  ];
};

const findingChoices = (found: Found, more: boolean, hasGuide: boolean): readonly Choice[] => {
  const open = found.offers.filter(o => !o.tried);
  const offered = more ? open : open.slice(0, 1);
  const shown = offered.map((o, i) => ({
    id: `fix ${o.fix}`,
    label: i === 0 && !more ? `Fix it: ${o.title}` : o.title,
    hint: o.costs,
  }));
  if (more) return [...shown, { id: 'less', label: 'Back to the finding' }];
  return [
    ...shown,
    ...(open.length > 1 ? [{ id: 'more', label: `Show other ways to fix it (${open.length - 1})` }] : []),
    ...(hasGuide ? [{ id: 'guide', label: 'Show what a person can do' }] : []),
    ...(found.offers.length > open.length || open.length === 0 ? [{ id: 'again', label: 'Look again' }] : []),
    { id: 'leave', label: 'Leave it and go on' },
  ];
};

const interruptLines = (plan: Plan): readonly Line[] => {
  const { interrupts } = plan;
  if (interrupts === null) return [fact('Interrupts', 'nothing; running containers keep what they have')];
  const { containers, services, liveRestore, unknown } = interrupts;
  const names = containers.map(c => `${c.name} (restart: ${c.restart || 'no'})`).join(', ');
  return [
    ...(services.length > 0 ? [fact('Restarts', services.join(', '))] : []),
    fact(
      'Interrupts',
      unknown ??
        (containers.length === 0
          ? 'no running container'
          : liveRestore
            ? `nothing: live-restore keeps ${names} running`
            : `stops ${names}`),
      containers.length > 0 && !liveRestore ? 'strong' : 'plain',
    ),
  ];
};

const diffLines = (plan: Plan): readonly Line[] =>
  plan.steps.flatMap((s): readonly Line[] =>
    s.do === 'run'
      ? [code(`$ ${s.command.root ? 'sudo ' : ''}${s.command.argv.join(' ')}`), text(s.why, 'dim')]
      : printable(unifiedDiff(s.path, s.before, s.after))
          .trimEnd()
          .split('\n')
          .map(l =>
            code(
              l,
              /^(---|\+\+\+|@@)/.test(l) ? 'dim' : l.startsWith('+') ? 'add' : l.startsWith('-') ? 'remove' : 'plain',
            ),
          ),
  );

const proposal = (plan: Plan, state: State): Partial<View> => {
  const files = plan.steps.filter(s => s.do === 'edit').length;
  const restarts =
    plan.interrupts === null && plan.settle.length === 0
      ? 'interrupts nothing'
      : plan.interrupts?.containers.length && !plan.interrupts.liveRestore
        ? `stops ${plural(plan.interrupts.containers.length, 'container')}`
        : 'restarts a service';
  return {
    lead: [
      text(`Fix: ${plan.title}`, 'strong'),
      text(
        [
          needsRoot(plan) ? 'needs root' : 'needs no root',
          `changes ${plural(files, 'file')}`,
          restarts,
          'undo: gpumedic undo',
        ].join(' · '),
        'dim',
      ),
    ],
    body: [
      ...(state.show === 'commands' ? commandsOf(plan).map(c => code(c)) : [text(plan.summary), ...diffLines(plan)]),
      ...(plan.validate.length > 0 ? [fact('Checked first', plan.validate.map(c => c.argv.join(' ')).join('; '))] : []),
      ...(plan.settle.length > 0 ? [fact('Then', plan.settle.map(c => c.argv.join(' ')).join('; '))] : []),
      ...interruptLines(plan),
      ...plan.afterwards.map((a, i) => fact(i === 0 ? 'Afterwards' : '', a)),
    ],
    confirm: 'Apply?',
    keys: [
      ['y', 'yes'],
      ['n', 'no'],
      ['↑↓', 'scroll'],
      state.show === 'commands' ? ['d', 'diff'] : ['c', 'commands'],
      ['b', 'back'],
      ['?', 'help'],
    ],
  };
};

const MOVE = [
  ['↑↓', 'move'],
  ['Enter', 'choose'],
] as const;
const TAIL = [
  ['b', 'back'],
  ['?', 'help'],
  ['q', 'quit'],
] as const;

const walkView = (walk: Walk, state: State): Partial<View> => {
  const at = state.at as Extract<State['at'], { at: 'walk' }>;
  const { found } = walk;
  switch (walk.stage) {
    case 'proposing':
      return proposal(walk.plan!, state);
    case 'applying':
      return {
        lead: [
          text(
            walk.stopping
              ? 'Stopping: this step is finished, then all is put back …'
              : `Applying: ${walk.plan?.title ?? ''}`,
            'strong',
          ),
        ],
        body: walk.steps.map(s => text(s.text, 'plain', s.sign)),
        keys: [['Ctrl-C', 'finish this step and undo']],
      };
    case 'planning':
      return { lead: [text('Making the plan …')], keys: [['q', 'quit']] };
    case 'refused':
      return {
        lead: [text('This fix does not apply itself here', 'strong', 'unsure')],
        body: [text(walk.refusal!.refuse), ...(walk.refusal!.instead ?? []).map(l => code(printable(l)))],
        choices: [{ id: 'back', label: 'Back to the finding' }],
        keys: [...MOVE, ...TAIL],
      };
    case 'choosing': {
      if (found === null) return {};
      const offer = found.offers.find(o => o.fix === at.guide);
      const modeGuide = found.mode?.guide ?? [];
      if (at.guide !== null)
        return {
          lead: [text(offer?.title ?? `What to do about ${found.id}`, 'strong')],
          body: offer
            ? guideLines(offer.guide).map(l => (l.startsWith('   ') ? code(l) : text(l)))
            : modeGuide.map((l, i) => text(`${i + 1}. ${l}`)),
          choices: [
            { id: 'again', label: 'It is done: look again' },
            { id: 'less', label: 'Back to the finding' },
          ],
          keys: [...MOVE, ...TAIL],
        };
      return {
        lead: [
          text(`${found.title}  (${found.id})`, 'strong', 'broken'),
          ...(walk.trouble ? [text(`The last attempt did not help: ${walk.trouble}`, 'unsure', 'unsure')] : []),
        ],
        body: at.more
          ? found.offers
              .filter(o => !o.tried)
              .map(o => fact(`privilege ${o.privilege}`, `${o.title} (${o.by}; ${o.costs})`))
          : findingLines(found, state),
        choices: findingChoices(found, at.more, modeGuide.length > 0),
        keys: [
          ['Enter', 'choose'],
          ['w', state.depth === 3 ? 'less' : 'why'],
          ['e', 'evidence'],
          ['Space', 'scroll'],
          ...TAIL,
        ],
      };
    }
    default:
      return {
        lead: [
          text(walk.checking ? `${walk.checking.label}: ${walk.checking.question}` : 'Looking …', 'strong'),
          ...(walk.checking?.what.slice(0, 2).map(w => text(w, 'dim')) ?? []),
        ],
        since: walk.checking?.since ?? null,
        keys: [
          ['?', 'help'],
          ['q', 'quit'],
        ],
      };
  }
};

const HELP: readonly (readonly [string, string])[] = [
  ['↑ ↓ j k', 'move, or scroll where there is no menu'],
  ['Enter', 'choose; it never confirms a change'],
  ['y / n', 'answer a question; only y changes anything'],
  ['Space', 'next page of a long text'],
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
  { id: 'ways', label: 'How can I ask for the GPU on this machine?' },
  { id: 'paths', label: 'Choose a path: legacy hook or CDI' },
  ...(state.demos.length > 0 ? [{ id: 'demos', label: 'Try a simulated broken box' }] : []),
  { id: 'undo', label: 'Undo an earlier change' },
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
    case 'ways':
      return {
        isTop: true,
        lead: [text('How you can ask for the GPU here', 'strong')],
        body:
          at.report === null
            ? [text('looking …')]
            : at.report.ways.length === 0
              ? [text('No container engine is installed here.')]
              : waysLines(at.report, state.modes),
        since: null,
        choices:
          at.report === null
            ? []
            : [
                { id: 'menu', label: 'Back' },
                ...(at.report?.verdict === 'fault' ? [{ id: 'why', label: 'Find out why and fix it' }] : []),
              ],
        keys: [...MOVE, ...TAIL],
      };
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
        choices: state.demos.map(d => ({ id: d.name, label: d.name, hint: d.title })),
        keys: [...MOVE, ...TAIL],
      };
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
        choices: [
          ...(at.sessions ?? []).map(s => ({ id: s.id, label: `${s.id}  ${s.title}`, hint: when(s.when) })),
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
        lead: [text('Nothing stops it any more. Prove it by a real container?', 'strong', 'ok')],
        body: [
          code(at.proof.argv.join(' ')),
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
          { id: 'quit', label: 'Quit' },
          { id: 'menu', label: 'Back to the first screen' },
          ...(state.changes > 0 ? [{ id: 'undo', label: 'Undo a change' }] : []),
        ],
        keys: [...MOVE, ...TAIL],
      };
    case 'walk':
      return state.walk ? walkView(state.walk, state) : {};
  }
};

export const viewOf = (state: State, version: string): View => ({
  title: `gpumedic ${version}${state.kind === 'live' ? '' : ` · ${state.box}`}`,
  status: state.changes === 0 ? 'nothing changed' : `${plural(state.changes, 'change')}`,
  header: headerOf(state.machine, state.box),
  isTop: false,
  trail: state.trail,
  lead: [],
  body: [],
  choices: [],
  confirm: null,
  since: null,
  keys: [],
  ...screen(state),
});
