/** From what was found to ranked answers: likelihood by signature, first causes over consequences, then a share of one. */
import { hints } from '../../flows/signatures/context.ts';
import { signs } from '../../flows/signatures/index.ts';
import type { Feature, Foreign, Kind, Signature } from '../engine/signature.ts';
import { type Catalogue, type Entry, type ForeignEntry, isForeign } from './catalogue.ts';
import type { Hit, Hits, Line } from './hits.ts';

export interface Candidate {
  readonly id: string;
  /** 0 to 1; all candidates together make at most about 1. */
  readonly confidence: number;
  readonly lines: readonly Line[];
  /** It is only what something else makes of a cause. */
  readonly isVague: boolean;
}
export interface Ranking {
  readonly candidates: readonly Candidate[];
  /** What it is instead, where it is plainly not ours. */
  readonly foreign: Foreign | null;
}

interface Claim {
  readonly id: string;
  value: number;
  kind: Kind;
  order: number;
  readonly hits: { readonly value: number; readonly hit: Hit }[];
}

/** How much of its likelihood a claim keeps beside a sure claim of a kind that explains it. */
const KEPT: Readonly<Record<Kind, Partial<Record<Kind, number>>>> = {
  cause: {},
  error: { cause: 0.4 },
  symptom: { cause: 0.15, error: 0.3 },
  noise: { cause: 0.1, error: 0.15, symptom: 0.4 },
};
const SURE = 0.55;
const FOLLOWS_KEEPS = 0.3;
const LATER_KEEPS = 0.72;
/** Below this an answer helps nobody. */
const LEAST = 0.06;
const MOST = 0.985;
/** What an answer needs to stand beside a foreign matter: one that is plain, and any other. */
const PLAINLY = 0.75;
const LIKELY = 0.5;
const MOST_GUESSES = 3;
/** What an answer needs in a text that speaks of no GPU. */
const SPOKEN = 0.45;

const likelihood = (signature: Signature, features: ReadonlySet<Feature>): number => {
  if (signature.needs !== undefined && !signature.needs.some(f => features.has(f))) return 0;
  if (signature.unless?.some(f => features.has(f)) === true) return 0;
  let value = signature.sure;
  for (const [feature, share] of Object.entries(signature.more ?? {}) as [Feature, number][])
    if (features.has(feature)) value += (1 - value) * share;
  for (const [feature, share] of Object.entries(signature.less ?? {}) as [Feature, number][])
    if (features.has(feature)) value *= 1 - share;
  return value;
};

/** The best of the places of `count` patterns from `from` on. */
const firstOf = (hits: Hits, from: number, count: number): Hit | undefined => {
  let best: Hit | undefined;
  for (let index = from; index < from + count; index++) {
    const hit = hits.found.get(index);
    if (hit === undefined) continue;
    if (best === undefined || hit.share > best.share || (hit.share === best.share && hit.order < best.order))
      best = hit;
  }
  return best;
};

const ownersOf = (catalogue: Catalogue, hits: Hits): Set<Entry | ForeignEntry> =>
  new Set([...hits.found.keys()].map(index => catalogue.owners[index]!));

const claimsOf = (catalogue: Catalogue, hits: Hits): Claim[] => {
  const claims = new Map<string, Claim>();
  for (const owner of ownersOf(catalogue, hits)) {
    if (isForeign(owner)) continue;
    const { id, signature, from, says, also } = owner;
    const hit = firstOf(hits, from, says);
    if (hit === undefined) continue;
    let isWhole = true;
    for (let index = from + says; index < from + says + also; index++) isWhole &&= hits.found.has(index);
    const value = isWhole ? likelihood(signature, hits.features) * hit.share : 0;
    if (value <= 0) continue;
    const kind = signature.kind ?? 'error';
    const claim = claims.get(id);
    if (claim === undefined) {
      claims.set(id, { id, value, kind, order: hit.order, hits: [{ value, hit }] });
      continue;
    }
    claim.hits.push({ value, hit });
    const [more, less] = value > claim.value ? [value, claim.value] : [claim.value, value];
    if (value > claim.value) {
      claim.kind = kind;
      claim.order = hit.order;
    }
    claim.value = Math.min(MOST, 1 - (1 - more) * (1 - less * 0.3));
  }
  return [...claims.values()];
};

/** First causes win over their consequences, errors of the stack over what applications make of them. */
const weigh = (claims: readonly Claim[]): Map<Claim, number> => {
  const weighed = new Map<Claim, number>();
  for (const claim of claims) {
    let value = claim.value;
    const follows = signs[claim.id as keyof typeof signs]?.follows ?? [];
    const cause = claims
      .filter(other => follows.includes(other.id) && other.value >= 0.5)
      .reduce((most, other) => Math.max(most, other.value), 0);
    if (cause > 0) value *= 1 - (1 - FOLLOWS_KEEPS) * cause;
    let kept = 1;
    for (const other of claims) {
      if (other === claim || other.value < SURE) continue;
      kept = Math.min(kept, KEPT[claim.kind][other.kind] ?? 1);
      const isLater = other.kind === claim.kind && other.order < claim.order && other.value >= 0.6;
      if (isLater && !follows.includes(other.id) && !explains(claim.id, other.id)) kept = Math.min(kept, LATER_KEEPS);
    }
    weighed.set(claim, value * kept);
  }
  return weighed;
};

const explains = (id: string, other: string): boolean =>
  signs[other as keyof typeof signs]?.follows?.includes(id) === true;

const shares = (claims: readonly Claim[]): Candidate[] => {
  const weighed = [...weigh(claims)].filter(([, value]) => value >= LEAST).sort(([, a], [, b]) => b - a);
  const sum = weighed.reduce((all, [, value]) => all + value ** 3, 0);
  return weighed.map(([claim, value]) => {
    const share = value ** 3 / sum;
    const best = [...claim.hits].sort((a, b) => b.value - a.value)[0]!;
    return {
      id: claim.id,
      confidence: Math.min(value, Math.max(share, value * 0.25)),
      lines: best.hit.lines,
      isVague: claim.kind === 'symptom' || claim.kind === 'noise',
    };
  });
};

const foreignOf = (catalogue: Catalogue, hits: Hits): Foreign | null => {
  let best: Foreign | null = null;
  let order = Number.POSITIVE_INFINITY;
  for (const owner of ownersOf(catalogue, hits)) {
    if (!isForeign(owner)) continue;
    const { foreign, from, says } = owner;
    const hit = firstOf(hits, from, says);
    if (hit === undefined || (foreign.test !== undefined && !hits.foreign.has(foreign))) continue;
    const isBetter = best === null || (foreign.plain === true && best.plain !== true);
    const isSame = (foreign.plain === true) === (best?.plain === true);
    if (isBetter || (isSame && hit.order < order)) {
      best = foreign;
      order = hit.order;
    }
  }
  return best;
};

/** Where a text complains about a GPU and says nothing that is known: what such texts are mostly about. */
const guesses = (features: ReadonlySet<Feature>): Candidate[] => {
  if (!features.has('gpuWords') || !features.has('trouble')) return [];
  const best = new Map<string, number>();
  for (const { id, sure, shows, unless = [] } of hints)
    if (shows.every(f => features.has(f)) && !unless.some(f => features.has(f)))
      best.set(id, Math.max(best.get(id) ?? 0, sure));
  return [...best]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_GUESSES)
    .map(([id, confidence], i) => ({ id, confidence: confidence / (i + 1), lines: [], isVague: true }));
};

/** The ranked answers for what was found. */
export const rank = (catalogue: Catalogue, hits: Hits): Ranking => {
  const foreign = foreignOf(catalogue, hits);
  const claims = claimsOf(catalogue, hits).filter(claim => foreign?.instead?.includes(claim.id) !== true);
  const candidates = shares(claims).slice(0, 8);
  const top = claims.reduce((most, claim) => Math.max(most, claim.value), 0);
  const needed =
    foreign === null ? (hits.features.has('gpuWords') ? 0 : SPOKEN) : foreign.plain === true ? PLAINLY : LIKELY;
  if (top < needed) return { candidates: [], foreign };
  if (candidates.length === 0 && foreign === null) return { candidates: guesses(hits.features), foreign };
  return { candidates, foreign: candidates.length === 0 ? foreign : null };
};
