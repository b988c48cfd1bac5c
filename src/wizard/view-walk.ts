/** What is shown of a walk: a check that runs, a finding and its choices, a proposal, an apply. */
import type { Evidence } from '../engine/flow.ts';
import { shellInput } from '../plan/commands.ts';
import { hasWayBack, type Plan } from '../plan/plan.ts';
import { unifiedDiff } from '../text/diff.ts';
import { clip, printable } from '../text/sanitize.ts';
import { commandsOf, guideLines, needsRoot } from './commands.ts';
import { code, command, fact, type Line, plural, SHORT, text } from './lines.ts';
import type { Way } from './outside.ts';
import { startOf } from './picks.ts';
import type { State } from './state.ts';
import { asksView } from './view-asks.ts';
import { type Choice, MOVE, TAIL, type View } from './view-types.ts';
import type { Found, Offer, Walk } from './walk.ts';

/** The line itself, after the place it comes from; trimmed unless the whole evidence is asked for. */
const seenText = ({ from, shows }: Evidence, isWhole: boolean): string => {
  const line = printable(shows).replaceAll('\n', ' ');
  return clip(line.includes(from) ? line : `${printable(from)} → ${line}`, isWhole ? 4000 : 200);
};

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
    ...seen.map((s, i) => fact(i === 0 ? 'Seen' : '', seenText(s, state.evidence), 'strong')),
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

const findingChoices = (found: Found, more: boolean, hasDemos: boolean): readonly Choice[] => {
  const open = found.offers.filter(o => !o.tried);
  const offered = more ? open : open.slice(0, 1);
  const first = (o: Offer) => `${o.by === 'guide' ? 'What to do' : 'Fix it'}: ${o.title}`;
  const shown = offered.map(o => ({
    id: `fix ${o.fix}`,
    label: more ? o.title : first(o),
    ...(o.by !== 'guide' || more ? { hint: o.costs } : {}),
  }));
  if (more) return [...shown, { id: 'less', label: 'Back to the finding' }];
  const hasGuide = (found.mode?.guide.length ?? 0) > 0 && open[0]?.by !== 'guide';
  return [
    ...shown,
    ...(open.length > 1 ? [{ id: 'more', label: `Show other ways to fix it (${open.length - 1})` }] : []),
    ...(hasGuide ? [{ id: 'guide', label: 'Show what a person can do' }] : []),
    ...(open.some(o => o.by !== 'guide') && open.length === found.offers.length
      ? []
      : [{ id: 'again', label: 'Look again' }]),
    { id: 'leave', label: 'Leave it and go on' },
    ...(hasDemos && !open.some(o => o.by !== 'guide')
      ? [{ id: 'demos', label: 'Try a simulated broken box instead' }]
      : []),
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
      ? [
          command(`$ ${printable(shellInput(s.command))}${s.command.root ? 'sudo ' : ''}${s.command.argv.join(' ')}`),
          text(s.why, 'dim'),
        ]
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

const proposalHead = (plan: Plan): readonly Line[] => {
  const files = plan.steps.filter(s => s.do === 'edit').length;
  const { interrupts } = plan;
  const stops = interrupts === null || interrupts.liveRestore ? 0 : interrupts.containers.length;
  const restarts =
    stops > 0
      ? `stops ${plural(stops, 'container')}`
      : (interrupts?.services.length ?? 0) > 0
        ? 'restarts a service'
        : 'interrupts nothing';
  return [
    text(`Fix: ${plan.title}`, 'strong'),
    text(
      [
        needsRoot(plan) ? 'needs root' : 'needs no root',
        files === 0 ? 'changes no file' : `changes ${plural(files, 'file')}`,
        restarts,
        hasWayBack(plan) ? 'undo: gpumedic undo' : 'nothing to undo afterwards',
      ].join(' · '),
      stops > 0 ? 'unsure' : 'dim',
    ),
  ];
};

/** What is interrupted stands before the diff: it must be seen before the answer, however long the diff is. */
const proposalBody = (plan: Plan, show: State['show']): readonly Line[] => [
  text(plan.summary),
  ...interruptLines(plan),
  ...(show === 'commands' ? commandsOf(plan).map(command) : diffLines(plan)),
  ...(plan.validate.length > 0 && show === 'diff'
    ? [fact('Checked first', plan.validate.map(c => c.argv.join(' ')).join('; '))]
    : []),
  ...(plan.settle.length > 0 && show === 'diff'
    ? [fact('Then', plan.settle.map(c => c.argv.join(' ')).join('; '))]
    : []),
  ...plan.afterwards.map((a, i) => fact(i === 0 ? 'Afterwards' : '', a)),
];

/** A whole proposal, for a program without a screen. */
export const proposalLines = (plan: Plan): readonly Line[] => [...proposalHead(plan), ...proposalBody(plan, 'diff')];

export const proposal = (plan: Plan, state: State): Partial<View> => {
  const isRecorded = state.kind === 'recorded';
  const last = state.show === 'commands' ? (['d', 'diff'] as const) : (['c', 'commands'] as const);
  return {
    lead: [
      ...proposalHead(plan),
      ...(isRecorded
        ? [text('This is a recording: it shows what would be done, nothing is applied.', 'unsure', 'note')]
        : []),
    ],
    body: proposalBody(plan, state.show),
    ...(isRecorded
      ? {
          choices: [{ id: 'decline', label: 'Back to the finding' }],
          keys: [['Enter', 'choose'], ['Space', 'scroll'], last, ...TAIL],
        }
      : { confirm: 'Apply?', keys: [['y', 'yes'], ['n', 'no'], ['↑↓', 'scroll'], last, ['b', 'back'], ['?', 'help']] }),
  };
};

/** The current thing of a walk. */
export const walkView = (walk: Walk, state: State): Partial<View> => {
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
    case 'asking':
      return asksView(walk.asks, at.picks ?? startOf(walk.asks, walk.chosen));
    case 'refused':
      return {
        lead: [text('This fix does not apply itself here', 'strong', 'unsure')],
        body: [text(walk.refusal!.refuse), ...(walk.refusal!.instead ?? []).map(l => code(printable(l)))],
        choices: [
          ...(walk.asks.length > 0 ? [{ id: 'back', label: 'Choose differently' }] : []),
          { id: 'decline', label: 'Back to the finding' },
        ],
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
            ? guideLines(offer.guide).map(l => (l.startsWith('   ') ? command(l.trim()) : text(l)))
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
        choices: findingChoices(found, at.more, state.hasDemos),
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
