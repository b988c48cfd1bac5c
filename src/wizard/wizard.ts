/** The screens around the walk: the first menu, ways, paths, demos, undo, proof and the end. Holds the state, draws nothing. */

import type { WayId } from '../engine/flow.ts';
import { needsRoot } from './commands.ts';
import type { Hall } from './hall.ts';
import { headerOf } from './header.ts';
import { backInWalk, sayInWalk } from './in-walk.ts';
import { exitCodeOf, outcomeOf } from './outcome.ts';
import type { Outside } from './outside.ts';
import { rootPage } from './pages.ts';
import { createPast } from './past.ts';
import { createProjects } from './projects.ts';
import { proofAfter, proveNow } from './proof.ts';
import { createSession, type Session } from './session.ts';
import {
  type At,
  type End,
  firstState,
  fresh,
  type Intent,
  PATHS,
  type State,
  type Wizard,
  type WizardOptions,
} from './state.ts';
import { createTexts } from './texts.ts';
import type { Row } from './walk.ts';

export type { End, Wizard } from './state.ts';

export const createWizard = ({ outside: first, ready, demos, askRoot: asker }: WizardOptions): Wizard => {
  let outside = first;
  let session: Session | null = null;
  let askRoot = asker ?? (async () => false);
  const listeners = new Set<() => void>();
  let state = firstState(outside, demos !== undefined);
  const { promise: done, resolve: finish, reject } = Promise.withResolvers<End>();
  done.catch(() => {});
  let isOver = false;
  /** Ctrl-C came while files were being put back; that is finished first. */
  let leaveAfter = false;
  const abort = new AbortController();

  const set = (part: Partial<State>) => {
    state = { ...state, ...part };
    for (const listener of listeners) listener();
  };
  const go = (at: At) => {
    set({ ...fresh, at });
    if (leaveAfter && at.at !== 'busy') leave(130);
  };
  const row = (r: Row) => set({ trail: [...state.trail, r] });
  const busy = (what: string, holds = false) => go({ at: 'busy', what, since: outside.now(), holds });
  /** What a person can mend is told in the trail; anything else is a fault of ours and ends the program as one. */
  const fail = (error: unknown) => {
    if (isOver) return;
    if (error instanceof Error && ['BoxError', 'StoreError', 'InputError'].includes(error.name)) {
      if (state.at.at === 'busy' || state.at.at === 'past') go({ at: 'menu' });
      return row({ sign: 'unsure', label: 'Trouble', text: error.message });
    }
    isOver = true;
    abort.abort();
    session?.stop();
    set({ over: true });
    reject(error);
  };
  /** Goes on with the answer, unless it comes too late for the box it is about. */
  const then = <T>(promise: Promise<T>, next: (value: T) => void) => {
    const from = outside;
    promise
      .then(value => {
        if (!isOver && from === outside) next(value);
      })
      .catch(fail);
  };

  /** What the trail says already about this box. */
  let shown = new Map<string, string>();
  /** The two lines about this machine go up with the history, once a box, when the first walk begins. */
  let headed = false;
  const head = () => {
    if (headed || state.machine === null || state.at.at !== 'walk') return;
    headed = true;
    // Known too late: in the middle of the history it would only be in the way.
    if (shown.size > 0) return;
    for (const text of headerOf(state.machine, state.box)) if (text !== '') row({ sign: 'plain', label: '', text });
  };

  const look = () =>
    then(outside.facts.all(), facts => {
      set({ machine: outside.machineOf(facts) });
      head();
      if (state.at.at === 'ways') set({ at: { at: 'ways', report: outside.reportOf(facts) } });
    });

  const leave = (code: number, next?: End['next']) => {
    if (isOver) return;
    isOver = true;
    abort.abort();
    session?.stop();
    outside.append({
      type: 'ended',
      outcome: outcomeOf(state, code),
      exitCode: code,
      ...(outside.session() !== null && { undo: `gpumedic undo ${outside.session()}` }),
    });
    set({ over: true });
    finish({ exitCode: code, state, ...(next && { next }) });
  };

  /** What is walked: the box as a whole, or seen from one container or one flow. */
  let walking: Outside | null = null;
  const start = (only: State['only'], left: readonly string[] = [], seen: Outside | null = null) => {
    const before = state.walk;
    walking = seen;
    session?.stop();
    set({
      ...fresh,
      at: { at: 'walk', more: false, guide: null },
      only,
      proof: null,
      proven: null,
      undone: false,
      startedAt: outside.now(),
      endedAt: null,
    });
    session = null;
    head();
    const mine: Session = createSession({
      outside: seen ?? outside,
      only,
      left,
      before,
      shown: seen === null ? shown : new Map(),
      row: r => {
        if (session === mine) row(r);
      },
      changed: () => {
        if (session === null || session !== mine) return;
        const walk = mine.walk();
        const isOther = walk.stage !== state.walk?.stage || walk.found?.id !== state.walk?.found?.id;
        set({
          walk,
          changes: state.changes + Math.max(0, walk.applied.length - (state.walk?.applied.length ?? 0)),
          session: outside.session(),
          ...(isOther && {
            ...fresh,
            at: state.at.at === 'walk' ? { at: 'walk', more: false, guide: null } : state.at,
          }),
        });
      },
    });
    session = mine;
    set({ walk: mine.walk() });
    then(mine.ended, walk => {
      if (session !== mine) return;
      if (walk.interrupted) return leave(130);
      if (walk.report)
        outside.append({
          type: 'ways',
          ways: walk.report.ways.map(({ way, works, cause, why }) => ({ way, works, cause, why })),
        });
      set({ endedAt: outside.now() });
      look();
      if (
        seen !== null ||
        walk.report === null ||
        exitCodeOf(state) === 1 ||
        walk.report.ways.every(w => w.works !== true)
      )
        return go({ at: 'end' });
      then(proofAfter(outside, walk.report, walk, state.only), proof => {
        set({ proof });
        go('argv' in proof ? { at: 'proof', proof } : { at: 'end' });
      });
    });
  };

  /** Changes that stand on the boxes that were left for another one. */
  const standing = new Map<Outside, number>();
  const enter = (box: Outside) => {
    session?.stop();
    session = null;
    standing.set(outside, state.changes);
    outside = box;
    headed = false;
    shown = new Map();
    set({
      ...firstState(box, demos !== undefined),
      trail: state.trail,
      changes: standing.get(box) ?? 0,
      isAway: box !== first,
      session: box.session(),
    });
    const text = box === first ? `back on ${box.box.name}` : `simulated box: ${box.box.name}`;
    row({ sign: 'plain', label: '', text });
    look();
  };

  const apply = async () => {
    const plan = state.walk?.plan;
    if (!plan || session === null) return;
    const mine = session;
    const wantsRoot = needsRoot(plan) && outside.box.kind === 'live';
    if (wantsRoot) busy('getting ready');
    if (wantsRoot && !(await outside.canRoot()) && !(await askRoot())) {
      outside.append({ type: 'answered', question: `apply ${plan.fix}`, answer: 'yes, but root was not to be had' });
      return go({ at: 'page', page: rootPage(plan), back: { at: 'walk', more: false, guide: null } });
    }
    outside.append({ type: 'answered', question: `apply ${plan.fix}`, answer: 'yes' });
    if (wantsRoot) go({ at: 'walk', more: false, guide: null });
    mine.choose('apply');
  };

  const getters = { outside: () => outside, state: () => state, signal: abort.signal };
  const hall: Hall = { ...getters, set, go, row, busy, then, start };
  const texts = createTexts(hall);
  const projects = createProjects(hall);
  const drop = () => {
    session?.stop();
    session = null;
    shown = new Map();
  };
  const past = createPast(hall, { askRoot: () => askRoot(), drop, look });

  const here = () => {
    const { at, walk } = state;
    if (at.at !== 'walk' || walk === null || session === null) return null;
    return { at, walk, session, outside: walking ?? outside, go, stay: (to: At) => set({ at: to }) };
  };
  const inWalk = (intent: Parameters<typeof sayInWalk>[0]) => {
    const now = here();
    if (now) sayInWalk(intent, now);
  };
  const choose: (id: string) => void = id => {
    const { at } = state;
    if (at.at === 'walk' && id !== 'demos') return inWalk({ do: 'choose', id });
    if (id === 'quit') return leave(exitCodeOf(state));
    if (id === 'learn') return leave(exitCodeOf(state), 'learn');
    if (id === 'menu') return go({ at: 'menu' });
    if (id === 'home') return enter(first);
    if (at.at === 'page') return go(at.back);
    if (texts.choose(id) || projects.choose(id) || past.choose(id)) return;
    if (id.startsWith('way ')) return start([id.slice(4) as WayId]);
    if (at.at === 'paths' && id !== 'containers') {
      const path = PATHS.find(p => p.id === id);
      if (path?.trunk !== undefined && outside.from)
        return then(outside.from(path.trunk), from => start(undefined, [], from));
      return start(path?.ways);
    }
    if (at.at === 'demos') {
      busy(`building ${id}`);
      return then(demos!.open(id), enter);
    }
    if (id === 'why') return start(undefined);
    if (id === 'ways') {
      go({ at: 'ways', report: null });
      return look();
    }
    if (id === 'paths') return go({ at: 'paths' });
    if (id === 'persistence' && outside.beside) return start(undefined, [], outside.beside(id));
    if (id === 'containers' && outside.containers) {
      go({ at: 'containers', list: null });
      return then(outside.containers(), list => go({ at: 'containers', list }));
    }
    if (outside.about && id.startsWith('container '))
      return start(undefined, [], outside.about(id.slice('container '.length)));
    if (id === 'demos') {
      session?.stop();
      session = null;
      go({ at: 'demos', list: null });
      return then(demos!.list(), list => go({ at: 'demos', list }));
    }
  };

  const back: () => void = () => {
    const { at, walk } = state;
    if (state.help) return set({ help: false });
    if (state.depth > 0 || state.evidence) return set({ depth: 0, evidence: false });
    if (at.at === 'page') return go(at.back);
    if (projects.back() || past.back()) return;
    if (at.at === 'proof') return send({ do: 'no' });
    if (at.at !== 'walk') return at.at === 'menu' || at.at === 'busy' ? undefined : go({ at: 'menu' });
    const now = here();
    if (now === null || walk === null || backInWalk(now, () => send({ do: 'no' }))) return;
    // Back to the choice before this one: the walk again, over facts that are already known.
    if (walk.left.length > 0) return start(state.only, walk.left.slice(0, -1), walking);
    session?.stop();
    session = null;
    go({ at: 'menu' });
  };

  const answer: (yes: boolean) => void = yes => {
    const { at, walk } = state;
    if (at.at === 'mend') return projects.answer(yes);
    if (at.at === 'undo') return past.answer(yes);
    if (at.at === 'proof') {
      outside.append({ type: 'answered', question: 'prove it by a container', answer: yes ? 'yes' : 'no' });
      return yes ? proveNow(hall, at.proof.argv) : go({ at: 'end' });
    }
    if (at.at !== 'walk' || walk?.stage !== 'proposing') return;
    if (yes) return void apply();
    set({ declined: true });
    outside.append({ type: 'answered', question: `apply ${walk.plan?.fix ?? ''}`, answer: 'no' });
    session?.choose('decline');
  };

  const send: (intent: Intent) => void = intent => {
    if (isOver) return;
    const applying = state.walk?.stage === 'applying';
    switch (intent.do) {
      case 'interrupt':
        if (applying) return session?.interrupt();
        if (state.at.at === 'busy' && state.at.holds) {
          leaveAfter = true;
          return;
        }
        return leave(130);
      case 'quit':
        return applying || state.at.at === 'busy' ? undefined : leave(exitCodeOf(state));
      case 'help':
        return set({ help: !state.help });
      case 'why':
        return set({ depth: (state.depth === 3 ? 0 : state.depth + 1) as State['depth'] });
      case 'evidence':
        return set({ evidence: !state.evidence });
      case 'commands':
        return set({ show: state.show === 'commands' ? 'diff' : 'commands' });
      case 'diff':
        return set({ show: 'diff' });
      case 'back':
        return back();
      case 'yes':
      case 'no':
        return answer(intent.do === 'yes');
      case 'choose':
        return choose(intent.id);
      case 'tick':
      case 'take':
        return inWalk(intent);
      default:
        return texts.take(intent);
    }
  };

  if (ready) void ready.then(look);
  else look();
  then(outside.unfinished(), sessions => {
    if (sessions[0] && state.at.at === 'menu') go({ at: 'unfinished', session: sessions[0] });
  });

  return {
    subscribe: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => state,
    send,
    sudo: () => outside.sudo(),
    onAskRoot: ask => {
      askRoot = ask;
    },
    done,
  };
};
