/** A log of events played back as states of the wizard, so that a recording is drawn by the screen that was there. */
import { modes } from '../../flows/modes/index.ts';
import { requests } from '../../flows/rules/requests.ts';
import type { WayId } from '../engine/flow.ts';
import type { Event, Outcome } from '../transcript/event.ts';
import { plural } from './lines.ts';
import type { Report } from './outside.ts';
import { firstState, type State } from './state.ts';
import type { Found, Row, Sign, Walk } from './walk.ts';

export interface Played {
  /** Milliseconds since the first event. */
  readonly at: number;
  readonly state: State;
}

type Of<T extends Event['type']> = Extract<Event, { readonly type: T }>;

const EMPTY: Walk = {
  stage: 'checking',
  checking: null,
  found: null,
  asks: [],
  chosen: null,
  plan: null,
  refusal: null,
  trouble: null,
  steps: [],
  left: [],
  fixed: [],
  met: [],
  stopped: [],
  applied: [],
  interrupted: false,
  stopping: false,
  report: null,
};

const VERDICT: Readonly<Record<Outcome, Report['verdict']>> = {
  healthy: 'ok',
  fixed: 'ok',
  undone: 'ok',
  cannotTell: 'unknown',
  stopped: 'unknown',
  declined: 'fault',
  failed: 'fault',
  faulty: 'fault',
};

const signOf = (judged: Of<'judged'>): Sign =>
  judged.finding?.severity === 'fault'
    ? 'broken'
    : judged.finding !== undefined
      ? 'note'
      : judged.verdict === 'cannotTell'
        ? 'unsure'
        : 'ok';

/** The finding as far as the log tells; the proposals that follow it are what was offered. */
const foundOf = (judged: Of<'judged'>, report: Report, rest: readonly Event[]): Found => {
  const id = judged.finding!.id;
  const mode = modes[id] ?? null;
  const plans = rest.flatMap(event => (event.type === 'proposed' && event.plan.finding === id ? [event.plan] : []));
  return {
    id,
    node: judged.node,
    label: judged.title,
    text: judged.found,
    title: judged.finding!.title,
    why: mode?.why ?? { line: judged.found, paragraph: '', mechanism: '' },
    source: mode?.source ?? '',
    seen: judged.seen,
    mode,
    report,
    offers: plans.slice(0, 1).map(plan => ({
      fix: plan.fix,
      title: plan.title,
      by: 'apply',
      costs: `writes ${plural(plan.steps.filter(step => step.do === 'edit').length, 'file')}`,
      privilege: plan.privilege,
      guide: [],
      tried: false,
    })),
    probes: [],
  };
};

/** One state an event that shows. */
export const playback = (events: readonly Event[]): readonly Played[] => {
  const first = events[0];
  if (first === undefined) return [];
  const began = events.find(event => event.type === 'began');
  const machine = events.find(event => event.type === 'machine')?.machine ?? null;
  let report: Report = { verdict: 'unknown', ways: [], findings: [], unknown: [], refused: [] } as unknown as Report;
  let state: State = {
    ...firstState({ box: { name: began?.box ?? '', kind: 'recorded' }, now: () => first.at, modes } as never, false),
    // What was typed stands there until something is found; the menus of a session are not in its log.
    at: { at: 'busy', what: began?.command ?? '', since: first.at, holds: false },
    kind: 'live',
    machine,
    session: began?.session || null,
  };
  const played: Played[] = [];
  let walk = EMPTY;
  const show = (at: number, part: Partial<State> = {}): void => {
    state = { ...state, walk, changes: walk.applied.length, ...part };
    played.push({ at: at - first.at, state });
  };
  const add = (row: Row): Partial<State> => ({ trail: [...state.trail, row] });
  const inWalk = { at: { at: 'walk', more: false, guide: null } } as const;
  played.push({ at: 0, state });
  for (const [i, event] of events.entries()) {
    switch (event.type) {
      case 'ways':
        report = {
          ...report,
          ways: event.ways.map(way => ({
            ...way,
            way: way.way as WayId,
            how: requests[way.way as WayId]?.how ?? way.way,
          })),
        };
        break;
      case 'judged': {
        const isFault = event.finding?.severity === 'fault';
        if (isFault) {
          walk = { ...walk, met: [...new Set([...walk.met, event.finding!.id])] };
          report = {
            ...report,
            findings: [
              ...report.findings.filter(f => f.id !== event.finding!.id),
              { ...event.finding!, explains: report.ways.filter(w => w.cause === event.finding!.id).map(w => w.way) },
            ],
          };
        }
        walk = {
          ...walk,
          stage: isFault ? 'choosing' : 'checking',
          found: isFault ? foundOf(event, report, events.slice(i)) : null,
          checking: isFault ? null : { label: event.title, question: event.found, what: [], since: event.at },
        };
        show(event.at, { ...inWalk, ...add({ sign: signOf(event), label: event.title, text: event.found }) });
        break;
      }
      case 'chose':
        if (event.by !== 'asked') break;
        walk = {
          ...walk,
          stage: 'asking',
          asks: [{ id: event.choice, ...event, initial: [] }],
          chosen: { [event.choice]: event.taken },
        };
        show(event.at, inWalk);
        break;
      case 'proposed':
        walk = { ...walk, stage: 'proposing', plan: event.plan, steps: [] };
        show(event.at, inWalk);
        break;
      case 'refused':
        show(event.at, {
          ...inWalk,
          ...add({ sign: 'unsure', label: 'Not possible', text: `${event.fix}: ${event.because}` }),
        });
        break;
      case 'answered':
        show(event.at, add({ sign: 'plain', label: '', text: `${event.question} ${event.answer}` }));
        break;
      case 'stepped': {
        const what =
          event.direction === 'undo' && !event.what.startsWith('put back') ? `put back: ${event.what}` : event.what;
        const row: Row = {
          sign: event.ok ? 'ok' : 'broken',
          label: '',
          text: event.detail ? `${what}: ${event.detail}` : what,
        };
        walk = { ...walk, stage: 'applying', steps: [...walk.steps, row] };
        show(event.at, walk.plan === null ? add(row) : inWalk);
        break;
      }
      case 'verified': {
        if (event.ok) {
          walk = {
            ...walk,
            fixed: [...walk.fixed, event.finding],
            applied: walk.plan === null ? walk.applied : [...walk.applied, walk.plan],
          };
          report = { ...report, findings: report.findings.filter(f => f.id !== event.finding) };
        }
        walk = { ...walk, stage: 'checking', found: null, plan: null };
        const row: Row = event.ok
          ? { sign: 'done', label: 'Fixed', text: `${event.finding}: ${event.by} passes now` }
          : { sign: 'unsure', label: 'Not yet', text: `${event.finding} is still there` };
        show(event.at, add(row));
        break;
      }
      case 'proved':
        show(event.at, {
          ...add({
            sign: event.ok === null ? 'unsure' : event.ok ? 'done' : 'broken',
            label: 'Proof',
            text: event.shows,
          }),
          proof: { argv: event.argv, image: '', way: 'docker-gpus' } as unknown as State['proof'],
          proven: { ok: event.ok, shows: event.shows },
        });
        break;
      case 'ended':
        if (event.outcome === 'undone') {
          const row: Row = { sign: 'done', label: 'Undone', text: 'an earlier change was put back' };
          show(event.at, { ...add(row), walk: null, over: true });
          break;
        }
        report = { ...report, verdict: VERDICT[event.outcome] };
        walk = { ...walk, stage: 'ended', report };
        show(event.at, { at: { at: 'end' }, over: true });
        break;
      default:
        break;
    }
  }
  return played;
};
