/**
 * Walking the tree with pure functions: facts and a form of request in, the trail out. `check`, `ways` and every test
 * of the tree use this; the wizard's machine is compiled from the same nodes.
 */
import type { Facts } from '../../flows/probes/index.ts';
import { type Check, type Evidence, type Finding, type Flow, isFinding, type Request, type Target } from './flow.ts';
import { CannotTell, type Unknown } from './known.ts';

export interface Step {
  readonly flow: string;
  readonly node: string;
  readonly title: string;
  /** The verdict's word; "cannotTell" where a fact was missing. */
  readonly verdict: string;
  readonly found: string;
  readonly seen: readonly Evidence[];
  readonly missing: readonly Unknown[];
  readonly finding?: Finding;
}

export interface Trail {
  readonly request: Request;
  readonly steps: readonly Step[];
  /** The first finding that stops this way. */
  readonly stoppedBy: Step | null;
  /** Nothing stops it and nothing is missing: true; something stops it: false; else null. */
  readonly works: boolean | null;
}

export type Flows = Readonly<Record<string, Flow>>;

type Said = Pick<Step, 'verdict' | 'found' | 'seen' | 'missing'>;

/** Verdicts of checks that look at the machine alone, for the walks over one set of facts: every form of request walks the same trunk. */
export type Judged = Map<Check, Said>;

/** A verdict of one check, on these facts and for this request. */
export const judge = (check: Check, facts: Facts, request: Request): Said => {
  try {
    const said = check.decide(facts, request);
    return typeof said === 'string'
      ? { verdict: said, found: '', seen: [], missing: [] }
      : { verdict: said.is, found: said.found ?? '', seen: said.seen ?? [], missing: [] };
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error;
    return { verdict: 'cannotTell', found: '', seen: [], missing: error.missing };
  }
};

const judgeOnce = (check: Check, facts: Facts, request: Request, judged: Judged): Said => {
  const known = judged.get(check);
  if (known !== undefined) return known;
  const said = judge(check, facts, request);
  // One that takes the request as well may say something else of the next.
  if (check.decide.length < 2) judged.set(check, said);
  return said;
};

/** A flow that lets nobody out would walk for ever; no tree is this deep. */
const LIMIT = 200;

/** `judged` is shared by walks over the same facts. */
export const walk = (
  flows: Flows,
  start: string,
  facts: Facts,
  request: Request,
  judged: Judged = new Map(),
): Trail => {
  const steps: Step[] = [];
  let flow = flows[start]!;
  let node: string | null = flow.start;
  let stoppedBy: Step | null = null;
  let doubt = false;
  while (node !== null) {
    if (steps.length >= LIMIT) throw new Error(`the tree does not end: ${flow.id}.${node}`);
    const check: Check | undefined = flow.nodes[node];
    if (!check) throw new Error(`no node ${flow.id}.${node}`);
    const said = judgeOnce(check, facts, request, judged);
    const target: Target | undefined = check.on[said.verdict];
    if (target === undefined) throw new Error(`${flow.id}.${node} has no branch for "${said.verdict}"`);
    const step: Step = {
      flow: flow.id,
      node,
      title: check.title,
      ...said,
      ...(isFinding(target) ? { finding: target } : {}),
    };
    steps.push(step);
    if (said.verdict === 'cannotTell' && !stoppedBy && (check.bears ?? 'way') === 'way') doubt = true;
    if (isFinding(target) && target.finding === 'stop') stoppedBy ??= step;
    const next: Target | undefined = isFinding(target) ? target.then : target;
    if (next === undefined) node = null;
    else if (typeof next === 'string') node = next;
    else if ('to' in next) {
      flow = flows[next.to]!;
      node = flow.start;
    } else node = null;
  }
  return { request, steps, stoppedBy, works: stoppedBy ? false : doubt ? null : true };
};
