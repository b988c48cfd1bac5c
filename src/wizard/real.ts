/** The wizard's outside on a real box: probes, report, fixes, the journal, the log. */
import { ladder } from '../../flows/fixes/index.ts';
import { aside, CLUSTER, flows, ROOT } from '../../flows/index.ts';
import { modes } from '../../flows/modes/index.ts';
import { type ProbeId, probes } from '../../flows/probes/index.ts';
import { EVERY_CONTAINER } from '../../flows/probes/workloads.ts';
import { wayOf } from '../../flows/rules/container.ts';
import { requests } from '../../flows/rules/requests.ts';
import type { Box, Ran } from '../box/box.ts';
import { type CachedBox, cached } from '../box/cache.ts';
import { askSudo } from '../box/live-sudo.ts';
import { recording } from '../box/wrap.ts';
import { type Flow, isFinding } from '../engine/flow.ts';
import { or } from '../engine/known.ts';
import { choicesFor, proposeFix } from '../engine/propose.ts';
import { collect, machineOf, reportOf, requestsOf } from '../engine/report.ts';
import { telling } from '../engine/telling.ts';
import { type Applied, applyPlan, finishSession } from '../plan/apply.ts';
import type { Note } from '../plan/deeds.ts';
import { historyOf, type PastSession as Past, unfinished } from '../plan/history.ts';
import { type Journal, journalIn, type Store } from '../plan/journal.ts';
import { undoSession } from '../plan/undo.ts';
import { threeWayText } from '../text/threeWay.ts';
import { transcriptLog } from '../transcript/log.ts';
import { redactor } from '../transcript/redact.ts';
import { eventLog } from './eventlog.ts';
import type { AnyFacts, ApplyResult, Listed, Outside, PastSession, UndoResult } from './outside.ts';

export interface RealOptions {
  readonly box: Box;
  /** Where this session's journal goes; a forgetful one for simulations and recordings. */
  readonly store: Store;
  /** Further stores whose sessions may be undone here: for root, the one of the user behind sudo. */
  readonly others?: readonly Store[];
  readonly version: string;
  /** What was typed, for the transcript. */
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly loadModules?: boolean;
  /** Folders whose project files are looked at; the engine's projects come besides. */
  readonly folders?: readonly string[];
}

export interface Real extends Outside {
  /** Everything logged so far is on disk when it resolves. */
  readonly flush: () => Promise<void>;
}

const resultOf = (applied: Applied): ApplyResult => {
  switch (applied.kind) {
    case 'applied':
      return { did: 'applied', because: applied.remark ?? '' };
    case 'undone':
      return {
        did: applied.stopped ? 'stopped' : 'undone',
        because: [applied.because, ...applied.unsettled].join('; '),
      };
    case 'stuck':
      return {
        did: 'stuck',
        because: `${applied.because}; not put back: ${applied.left.join('; ')} (gpumedic undo ${applied.session} may try again)`,
      };
    case 'drifted':
      return { did: 'refused', because: `${applied.path} was changed since the preview; nothing was done` };
    case 'refused':
      return { did: 'refused', because: applied.because };
  }
};

const shown = (past: Past): PastSession => ({
  id: past.id,
  when: past.at,
  title: past.plans.map(p => p.title).join('; '),
  touches: past.plans.flatMap(p => [...p.files.map(f => f.path), ...p.ran.map(argv => argv.join(' '))]),
});

export const realOutside = ({
  box: bare,
  store,
  others = [],
  version,
  command,
  now,
  loadModules,
  folders = [],
}: RealOptions): Real => {
  let id: string | null | undefined;
  /** Made at the first event worth keeping; null where the state folder cannot be written. */
  const session = async (): Promise<string | null> => {
    id ??= await store.create(now()).catch(() => null);
    return id;
  };
  const kept = eventLog(store, session);
  const log = transcriptLog(redactor(), now, { sink: kept.line });
  log.append({ type: 'began', session: '', version, box: bare.name, command });
  const box: CachedBox = cached(
    recording(bare, entry => {
      if (entry.ask === 'run')
        log.append({ type: 'ran', argv: entry.command.argv, result: entry.result, tookMs: entry.tookMs });
      else if (entry.ask !== 'write')
        log.append({ type: 'looked', path: entry.path, what: entry.ask, kind: entry.result.kind });
    }),
  );
  const facts = collect(box, { loadModules: loadModules === true });
  const stores = [store, ...others];
  let journal: Journal | null = null;
  const noteTo =
    (screen?: (what: string, ok: boolean | null, detail?: string) => void): Note =>
    ({ direction, what, ok, detail, command: ran }) => {
      if (ok !== null)
        log.append({
          type: 'stepped',
          direction,
          what,
          ok,
          ...(detail !== undefined && { detail }),
          ...(ran && { command: ran }),
        });
      screen?.(direction === 'undo' ? `put back: ${what}` : what, ok, detail);
    };
  const storeOf = async (wanted: string): Promise<Store> =>
    (await historyOf(...stores)).find(s => s.id === wanted)?.store ?? store;
  let told = false;

  const outer: Real = {
    box,
    flows: flows as unknown as Readonly<Record<string, Flow>>,
    trunk: ROOT,
    branch: 'engine' satisfies keyof typeof flows,
    modes,
    facts: {
      get: async ids => facts.facts(ids as readonly ProbeId[]),
      all: async () => {
        const all = await facts.facts();
        if (!told) log.append({ type: 'machine', machine: machineOf(all) });
        told = true;
        return all;
      },
      looks: probe => probes[probe as ProbeId]?.looks ?? probe,
      forget: () => {
        box.forget();
        facts.forget();
      },
    },
    requests: async () => {
      const found = requestsOf((await facts.facts(['dockerCli', 'podman'])) as AnyFacts);
      // Without an engine the host itself is still worth walking.
      return found.length > 0 ? found : [requests['docker-gpus']];
    },
    machineOf,
    reportOf: all => reportOf(all, telling),
    ladder,
    choices: (fix, all, finding) => choicesFor(box, fix, all, finding),
    propose: (fix, all, finding, chosen) => proposeFix(box, fix, all, finding, chosen),
    apply: async (plan, hooks) => {
      kept.keep();
      await kept.flush();
      const mine = await session();
      journal ??= journalIn(store, { now, ...(mine !== null && { session: mine }) });
      return resultOf(await applyPlan(box, plan, journal, { signal: hooks.signal, note: noteTo(hooks.note) }));
    },
    session: () => (journal !== null && journal.plans().length > 0 ? journal.id() : null),
    past: async () => (await historyOf(...stores)).filter(s => s.stands).map(shown),
    undo: async (wanted): Promise<UndoResult> => {
      const undone = await undoSession(box, await storeOf(wanted), wanted, { now, note: noteTo() });
      switch (undone.kind) {
        case 'undone':
          return { did: 'undone', lines: [...undone.restored, ...undone.unsettled] };
        case 'nothing':
          return { did: 'nothing', lines: [undone.because] };
        case 'refused':
          return { did: 'refused', lines: [undone.because, ...undone.views.flatMap(v => threeWayText(v).split('\n'))] };
        case 'stuck':
          return { did: 'failed', lines: [undone.because, ...undone.left] };
      }
    },
    unfinished: async () => (await unfinished(...stores)).map(shown),
    finish: async (wanted): Promise<UndoResult> => {
      const result = resultOf(await finishSession(box, await storeOf(wanted), wanted, { now, note: noteTo() }));
      return result.did === 'applied'
        ? { did: 'undone', lines: ['It is finished; undo takes it back as a whole.'] }
        : { did: 'failed', lines: [result.because] };
    },
    append: event => {
      if (event.type === 'judged' || event.type === 'stepped') kept.keep();
      log.append(event);
    },
    now,
    canRoot: async () => {
      if (box.kind !== 'live' || process.getuid?.() === 0) return true;
      const ran = await bare.run({ argv: ['true'], root: true, timeoutMs: 5000 });
      return ran.kind === 'exited' && ran.code === 0;
    },
    sudo: askSudo,
    containers: async () => listedIn(await box.run({ argv: EVERY_CONTAINER })),
    about: name =>
      seenFrom(collect(box, { loadModules: loadModules === true, subject: { name, mayRun: false } }), 'container'),
    cluster: CLUSTER,
    from: async flow => {
      const isTegra = or((await facts.facts(['where'])).where.tegra, null) !== null;
      return { ...outer, trunk: flow === 'jetson' && !isTegra ? 'kubernetes' : flow };
    },
    beside: flow => seenFrom(facts, flow),
    files: async () => {
      const { filesFindings, plansFor } = await import('../files/index.ts');
      const report = reportOf(await facts.facts(), telling);
      // Past the log: every folder that was looked into would bury what was done.
      const { found, findings } = await filesFindings(bare, report, { folders, forms: 4 });
      return {
        folders,
        files: [...new Set([...found.projects.flat(), ...found.dockerfiles, ...found.manifests])],
        troubles: findings.map(finding => ({ finding, plans: plansFor(finding) })),
      };
    },
    flush: kept.flush,
  };
  /** The same outside, with other facts and the flows beside the tree. */
  const seenFrom = (mine: typeof facts, trunk: string): Outside => ({
    ...outer,
    flows: asked(aside),
    trunk,
    branch: trunk,
    asksAll: true,
    facts: {
      ...outer.facts,
      get: async ids => mine.facts(ids as readonly ProbeId[]),
      all: async () => mine.facts(),
      forget: () => {
        outer.facts.forget();
        mine.forget();
      },
    },
    requests: async () => {
      const { subjectRecord, docker } = await mine.facts(['subjectRecord', 'docker']);
      return [requests[wayOf(subjectRecord, { docker }) ?? 'docker-gpus']];
    },
  });
  return outer;
};

/** Whoever asks for one of these flows wants to decide about what it finds, be it a fault or not. */
const asked = (some: Readonly<Record<string, Flow>>): Readonly<Record<string, Flow>> =>
  Object.fromEntries(
    Object.entries(some).map(([id, flow]) => [
      id,
      {
        ...flow,
        nodes: Object.fromEntries(
          Object.entries(flow.nodes).map(([node, check]) => [
            node,
            {
              ...check,
              on: Object.fromEntries(
                Object.entries(check.on).map(([verdict, t]) => [
                  verdict,
                  isFinding(t) && t.finding !== 'stop' ? { ...t, finding: 'harm' as const } : t,
                ]),
              ),
            },
          ]),
        ),
      },
    ]),
  );

const listedIn = (ran: Ran): readonly Listed[] =>
  ran.kind !== 'exited' || ran.code !== 0
    ? []
    : ran.stdout.split('\n').flatMap(line => {
        if (!line.startsWith('{')) return [];
        const { Names, Image, State } = JSON.parse(line) as Readonly<Record<string, unknown>>;
        return [{ name: String(Names ?? ''), image: String(Image ?? ''), state: String(State ?? '') }];
      });
