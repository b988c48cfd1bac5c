/**
 * Collects facts. Probes are asked for side by side, each as soon as the probes it builds on have answered, so that a
 * person waits for the slowest chain and not for the sum; a probe that hangs costs nobody else anything.
 */
import type { Box, Ran } from '../box/box.ts';
import type { AnswerOf, Ask, Probe } from './probe.ts';

// biome-ignore lint/suspicious/noExplicitAny: the registry's own type says which facts belong to which probe
type AnyProbe = Probe<any, any, string>;
export type Registry = Readonly<Record<string, AnyProbe>>;
export type FactsOf<R extends Registry> = { readonly [K in keyof R]: ReturnType<R[K]['read']> };

export interface Collector<R extends Registry> {
  get<K extends keyof R & string>(id: K): Promise<ReturnType<R[K]['read']>>;
  /** Facts of the named probes; all of them where none is named. */
  facts(ids?: readonly (keyof R & string)[]): Promise<FactsOf<R>>;
  /** Starts every probe without waiting. */
  prefetch(): void;
  /** Forgets what was found; after something was changed everything is asked again. */
  forget(): void;
  /** Every ask of a probe, in the order of its `needs`, with what was answered: for a display of evidence and snapshots. */
  asked(id: keyof R & string): readonly { readonly ask: Ask; readonly answer: unknown }[];
}

export interface CollectOptions<R extends Registry> {
  /** Whether a command that may load modules or create nodes may run now. */
  readonly mayLoad?: (get: Collector<R>['get']) => Promise<boolean>;
}

const NOT_RUN: Ran = { kind: 'denied' };

export const collector = <R extends Registry>(box: Box, probes: R, options: CollectOptions<R> = {}): Collector<R> => {
  // biome-ignore lint/suspicious/noExplicitAny: one map for probes of all types
  let running = new Map<string, Promise<any>>();
  const asks = new Map<string, { ask: Ask; answer: unknown }[]>();

  const answer = async (ask: Ask): Promise<AnswerOf<Ask>> => {
    switch (ask.ask) {
      case 'run':
        if (ask.command.mayLoad && options.mayLoad && !(await options.mayLoad(get))) return NOT_RUN;
        return box.run(ask.command);
      case 'read':
        return box.read(ask.path);
      case 'list':
        return box.list(ask.path);
      case 'stat':
        return box.stat(ask.path);
    }
  };

  const take = async (id: string): Promise<unknown> => {
    const probe = probes[id]!;
    // A probe three steps down reads what the first one found, so earlier facts are handed on.
    const known = Object.fromEntries(await Promise.all(ancestors(id).map(async a => [a, await get(a)] as const)));
    const needs = Object.entries(probe.needs(known) as Record<string, Ask>);
    const answers = await Promise.all(needs.map(async ([key, ask]) => [key, await answer(ask)] as const));
    asks.set(
      id,
      needs.map(([, ask], i) => ({ ask, answer: answers[i]![1] })),
    );
    return probe.read(Object.fromEntries(answers), known);
  };
  const lines = new Map<string, readonly string[]>();
  /** All that it builds on, each once: the lines of descent meet often. */
  const ancestors = (id: string): readonly string[] => {
    const known = lines.get(id);
    if (known) return known;
    const found = [...new Set((probes[id]!.after ?? []).flatMap(a => [a, ...ancestors(a)]))];
    lines.set(id, found);
    return found;
  };

  const get: Collector<R>['get'] = id => {
    let p = running.get(id);
    if (!p) {
      p = take(id);
      running.set(id, p);
    }
    return p;
  };

  return {
    get,
    facts: async ids =>
      Object.fromEntries(
        await Promise.all((ids ?? Object.keys(probes)).map(async id => [id, await get(id)])),
      ) as FactsOf<R>,
    prefetch: () => {
      for (const id of Object.keys(probes)) get(id).catch(() => {});
    },
    forget: () => {
      running = new Map();
    },
    asked: id => asks.get(id) ?? [],
  };
};
