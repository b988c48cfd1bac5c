/** One walk over one box: the compiled tree running, its outside filled in, and what has been seen so far as plain data. */
import { createActor, fromPromise } from 'xstate';
import {
  type Applied,
  type Asking,
  type Choice,
  compileFlow,
  type FlowContext,
  type Place,
  type Planning,
  placeOf,
  type Verdict,
} from '../engine/compile.ts';
import type { Chosen } from '../engine/fix.ts';
import type { Evidence, Finding as FlowFinding, Request, WayId } from '../engine/flow.ts';
import { isFinding } from '../engine/flow.ts';
import { CannotTell } from '../engine/known.ts';
import { type NextWay, walkthrough } from '../engine/walkthrough.ts';
import type { Plan, Refusal } from '../plan/plan.ts';
import { becauseWords } from '../report/words.ts';
import { nextRequest } from './next-way.ts';
import type { Outside } from './outside.ts';
import { choseEvents } from './picks.ts';
import { costsOf, type Found, type Row, signOf, type Walk } from './walk.ts';

export interface Session {
  readonly walk: () => Walk;
  readonly choose: (choice: Choice, fix?: string) => void;
  /** Answers the questions of the fix. */
  readonly take: (chosen: Chosen) => void;
  /** Ends the walk where it stands; while applying, finishes the step and undoes first. */
  readonly interrupt: () => void;
  readonly stop: () => void;
  readonly ended: Promise<Walk>;
}

export interface SessionOptions {
  readonly outside: Outside;
  /** Only these forms of request; every meaningful one where it is absent. */
  readonly only?: readonly WayId[] | undefined;
  /** Findings not to be asked about again. */
  readonly left?: readonly string[];
  /** What an earlier walk over the same box left behind: fixes applied, faults met. */
  readonly before?: Walk | null;
  /** What stands in the trail already, by node; a row is told again only when it says something else. */
  readonly shown?: Map<string, string>;
  readonly changed: () => void;
  readonly row: (row: Row) => void;
}

const LABELS = { undone: 'Undone', stopped: 'Stopped', stuck: 'Not undone', refused: 'Not applied' } as const;

const isGrave = (finding: FlowFinding): boolean => finding.finding === 'stop' || finding.finding === 'harm';

interface Judgement {
  readonly verdict: string;
  readonly found: string;
  readonly seen: readonly Evidence[];
  readonly missing: CannotTell['missing'];
}

export const createSession = ({
  outside,
  only,
  left = [],
  before = null,
  shown = new Map(),
  changed,
  row,
}: SessionOptions): Session => {
  let walk: Walk = {
    stage: 'checking',
    checking: null,
    found: null,
    asks: [],
    chosen: null,
    plan: null,
    refusal: null,
    trouble: null,
    steps: [],
    left,
    fixed: before?.fixed ?? [],
    met: before?.met ?? [],
    stopped: before?.stopped ?? [],
    applied: before?.applied ?? [],
    interrupted: false,
    stopping: false,
    report: null,
  };
  const set = (part: Partial<Walk>) => {
    walk = { ...walk, ...part };
    changed();
  };
  const founds = new Map<string, Found>();
  /** The form of request whose heading stands in the trail. */
  let told: WayId | null = null;
  let isBranched = false;
  let verifying: { readonly finding: string; readonly node: string; readonly fix: string } | null = null;
  let abort: AbortController | null = null;
  const { promise: ended, resolve: end, reject } = Promise.withResolvers<Walk>();
  let isOver = false;

  const judge = async (flow: string, node: string, request: Request): Promise<Judgement> => {
    const check = outside.flows[flow]!.nodes[node]!;
    try {
      const facts = await outside.facts.get(check.probes);
      const judged = check.decide(facts, request);
      const { is, found = '', seen = [] } = typeof judged === 'string' ? { is: judged } : judged;
      return { verdict: is, found, seen, missing: [] };
    } catch (error) {
      const missing = error instanceof CannotTell ? error.missing : [];
      const found =
        missing.length > 0
          ? missing.map(m => `${m.probe}: ${becauseWords[m.unknown]}`).join(', ')
          : `could not decide: ${String(error)}`;
      return { verdict: 'cannotTell', found, seen: [], missing };
    }
  };

  const tell = async (flow: string, node: string, finding: FlowFinding, judged: Judgement): Promise<Found> => {
    const check = outside.flows[flow]!.nodes[node]!;
    const facts = await outside.facts.all();
    const mode = outside.modes[finding.id] ?? null;
    const done = new Set(walk.applied.map(p => p.fix));
    return {
      id: finding.id,
      node,
      label: check.title,
      text: judged.found || (mode?.title ?? finding.id),
      title: mode?.title ?? finding.id,
      why: mode?.why ?? check.why,
      source: mode?.source ?? check.source,
      seen: judged.seen,
      mode,
      report: outside.reportOf(facts),
      offers: outside.ladder(finding.id, facts).map(fix => ({
        fix: fix.id,
        title: fix.title,
        by: fix.by,
        costs: costsOf(fix, facts),
        privilege: fix.privilege,
        guide: fix.guide?.(facts) ?? [],
        tried: done.has(fix.id),
      })),
      probes: check.probes,
    };
  };

  const show = (flow: string, node: string, request: Request, judged: Judgement, passes: boolean) => {
    const check = outside.flows[flow]!.nodes[node]!;
    const target = check.on[judged.verdict];
    const finding = target !== undefined && isFinding(target) ? target : null;
    const mode = finding ? outside.modes[finding.id] : undefined;
    const text = judged.found || mode?.title || judged.verdict;
    const key = `${flow}.${node}`;
    const same = `${judged.verdict}\n${text}`;
    if (shown.get(key) === same && verifying?.node !== key) return;
    shown.set(key, same);
    const isFault = finding !== null && isGrave(finding) && !passes;
    if (isFault && !walk.met.includes(finding.id)) set({ met: [...walk.met, finding.id] });
    if (isFault && !outside.cluster?.includes(flow) && !walk.stopped.includes(request.way))
      set({ stopped: [...walk.stopped, request.way] });
    // A check without a probe only tells the forms of request apart; the form itself is told when there is news of it.
    if (check.probes.length > 0 || finding !== null) {
      if (isBranched && told !== request.way) {
        told = request.way;
        row({ sign: 'plain', label: '', text: request.how });
      }
      row({ sign: passes ? 'note' : signOf(target, judged.verdict), label: check.title, text });
    }
    outside.append({
      type: 'judged',
      flow,
      node,
      title: check.title,
      verdict: judged.verdict,
      found: text,
      seen: judged.seen,
      ...(finding && {
        finding: {
          id: finding.id,
          severity: isFault ? 'fault' : finding.finding === 'risk' ? 'risk' : 'note',
          title: mode?.title ?? finding.id,
        },
      }),
      ...(judged.missing.length > 0 && { missing: judged.missing.map(m => ({ probe: m.probe, because: m.unknown })) }),
    });
    if (verifying?.node === key) {
      const isGone = finding?.id !== verifying.finding && judged.verdict !== 'cannotTell';
      const ok = isGone || passes;
      outside.append({ type: 'verified', finding: verifying.finding, ok, by: key });
      if (ok) {
        const how = isGone ? 'the check that found it passes now' : 'it stops nothing here any more';
        row({ sign: 'done', label: 'Fixed', text: `${verifying.finding}: ${how}` });
        set({ fixed: [...walk.fixed, verifying.finding] });
      } else row({ sign: 'unsure', label: 'Not yet', text: `${verifying.fix} did not clear ${verifying.finding}` });
      verifying = null;
    }
  };

  /** On a path the person chose, everything that stops it is theirs to decide. */
  const isAsked = ({ id, report }: Found): boolean => {
    if (outside.asksAll) return true;
    const finding = report.findings.find(f => f.id === id);
    if (finding?.severity === 'fault') return true;
    const isSilenced = report.findings.some(f => f.severity === 'fault' && f.explains.includes(id));
    return only !== undefined && !isSilenced && report.ways.some(w => w.cause === id && only.includes(w.way));
  };

  const judging = async ({
    flow,
    node,
    request,
  }: {
    readonly flow: string;
    readonly node: string;
    readonly request: Request;
  }) => {
    const check = outside.flows[flow]!.nodes[node]!;
    isBranched ||= flow === outside.branch && outside.trunk !== outside.branch;
    set({
      stage: 'checking',
      checking: {
        label: check.title,
        question: check.question,
        what: check.probes.map(p => outside.facts.looks(p)),
        since: outside.now(),
      },
    });
    const judged = await judge(flow, node, request);
    const target = check.on[judged.verdict];
    const finding = target !== undefined && isFinding(target) && isGrave(target) ? target : null;
    const found = finding && !walk.left.includes(finding.id) ? await tell(flow, node, finding, judged) : null;
    // Only what the report calls a fault is a matter for the person; a consequence of another finding is not.
    const passes = found !== null && !isAsked(found);
    if (found && !passes) founds.set(`${flow}.${node}`, found);
    if (!isOver) show(flow, node, request, judged, passes);
    return { verdict: judged.verdict, ...(passes && { passes: finding!.id }) };
  };

  const planning = async ({ finding, fix, asks, chosen }: Planning): Promise<Plan | Refusal | Asking> => {
    const facts = await outside.facts.all();
    const offer = outside.ladder(finding, facts).find(f => f.id === fix);
    if (!offer) throw new Error(`${fix} does not apply to this box any more`);
    if (chosen === null) {
      const open = await outside.choices(offer, facts, finding);
      if (open.length > 0) return { asks: open };
    } else for (const event of choseEvents(fix, finding, asks, chosen, () => 'asked')) outside.append(event);
    const plan = await outside.propose(offer, facts, finding, chosen ?? {});
    outside.append('refuse' in plan ? { type: 'refused', fix, because: plan.refuse } : { type: 'proposed', plan });
    return plan;
  };

  const applying = async (plan: Plan, place: string): Promise<Applied> => {
    abort = new AbortController();
    set({ steps: [], stopping: false });
    const result = await outside.apply(plan, {
      signal: abort.signal,
      note: (what, ok, detail) => {
        const step: Row = {
          sign: ok === null ? 'plain' : ok ? 'ok' : 'broken',
          label: '',
          text: detail ? `${what}: ${detail}` : what,
        };
        const steps = ok !== null && walk.steps.at(-1)?.sign === 'plain' ? walk.steps.slice(0, -1) : walk.steps;
        set({ steps: [...steps, step] });
      },
    });
    abort = null;
    outside.facts.forget();
    if (result.did === 'applied') {
      row({ sign: 'done', label: 'Applied', text: plan.title });
      verifying = { finding: plan.finding, node: place, fix: plan.fix };
      set({ applied: [...walk.applied, plan] });
      return { did: 'applied' };
    }
    row({ sign: 'broken', label: LABELS[result.did], text: result.because });
    return { did: result.did === 'stopped' ? 'stopped' : 'undone', because: result.because };
  };

  /** How many fixes stood when a form was last walked: only a further one is a reason to walk it again. */
  const walked = new Map<WayId, number>();
  const nextWay: NextWay = async done => {
    const request = isOver
      ? null
      : await nextRequest({ outside, done, only, left: walk.left, walked, applied: walk.applied.length });
    if (request) walked.set(request.way, walk.applied.length);
    return request;
  };

  let place: Place | null = null;
  const machines = Object.fromEntries(
    Object.values(outside.flows).map(flow => [
      flow.id,
      compileFlow(flow).provide({
        actors: {
          judge: fromPromise<Verdict, Parameters<typeof judging>[0]>(({ input }) => judging(input)),
          plan: fromPromise(({ input }: { input: Planning }) => planning(input)),
          apply: fromPromise(({ input }: { input: { readonly plan: Plan } }) =>
            applying(input.plan, `${place!.flow}.${place!.node}`),
          ),
        } as never,
        actions: {
          askToStop: () => {
            abort?.abort();
            set({ stopping: true });
          },
        } as never,
      }),
    ]),
  );
  const actor = createActor(walkthrough(machines, { trunk: outside.trunk, branch: outside.branch, nextWay }), {
    input: { tried: Object.fromEntries(walk.applied.map(p => [p.fix, 1])), left },
    inspect: event => {
      if (event.type !== '@xstate.snapshot' || event.actorRef === actor || !('getMeta' in event.snapshot)) return;
      const snapshot = event.snapshot as unknown as {
        getMeta(): object;
        context: FlowContext;
      };
      const at = placeOf(snapshot);
      // Between two flows nothing is asked; the choice that led here must not stand there to be taken twice.
      if (at === null) return set({ stage: 'checking', checking: null, found: null, left: snapshot.context.left });
      place = at;
      const { asks, chosen, plan, refusal, trouble } = snapshot.context;
      set({
        stage: at.stage,
        asks,
        chosen,
        plan,
        refusal,
        trouble,
        left: snapshot.context.left,
        found: at.stage === 'checking' ? null : (founds.get(`${at.flow}.${at.node}`) ?? null),
      });
    },
  });

  const finish = async (interrupted: boolean) => {
    if (isOver) return;
    isOver = true;
    const report = interrupted ? null : outside.reportOf(await outside.facts.all());
    set({ stage: 'ended', interrupted, report, checking: null, found: null });
    end(walk);
  };
  actor.subscribe({
    complete: () =>
      void finish((actor.getSnapshot().output as { interrupted: boolean } | undefined)?.interrupted === true).catch(
        reject,
      ),
    error: reject,
  });
  void outside.facts.all().catch(() => {});
  actor.start();

  return {
    walk: () => walk,
    choose: (choice, fix) => actor.send({ type: 'CHOOSE', choice, ...(fix !== undefined && { fix }) }),
    take: chosen => actor.send({ type: 'CHOOSE', choice: 'take', chosen }),
    interrupt: () => {
      if (walk.stage === 'applying') actor.send({ type: 'CHOOSE', choice: 'stop' });
      else {
        actor.stop();
        void finish(true).catch(reject);
      }
    },
    stop: () => {
      isOver = true;
      actor.stop();
    },
    ended,
  };
};
