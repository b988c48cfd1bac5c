/**
 * From facts to the report: one walk per form of request, findings merged so that one cause is one finding. This is the
 * one place that joins the tree of `flows/` with the engine.
 */
import { byDesign, consequences } from '../../flows/explains.ts';
import { allFlows, BESIDE, CLUSTER, flows, ROOT } from '../../flows/index.ts';
import { isModeId, modeIds } from '../../flows/modes/ids.ts';
import { daemonOf } from '../../flows/probes/docker.ts';
import { safeToLoad } from '../../flows/probes/driver.ts';
import { type Facts, probes } from '../../flows/probes/index.ts';
import { type Subject, subjectOf } from '../../flows/probes/subject.ts';
import { setUp } from '../../flows/rules/cdi.ts';
import { refusedOnes, wayOf } from '../../flows/rules/container.ts';
import { requests } from '../../flows/rules/requests.ts';
import type { Because, Box } from '../box/box.ts';
import { cached } from '../box/cache.ts';
import type { Machine } from '../transcript/event.ts';
import { type Collector, collector } from './collect.ts';
import type { Fix } from './fix.ts';
import type { Evidence, Flow, Request, WayId } from './flow.ts';
import { or, type Unknown } from './known.ts';
import { type Judged, type Step, type Trail, walk } from './walk.ts';

export interface Way {
  readonly way: WayId;
  readonly works: boolean | null;
  /** Id of what stops it; null where it works or cannot be told. */
  readonly cause: string | null;
  readonly why: string;
  readonly how: string;
}
export interface FixOffer {
  readonly id: string;
  readonly title: string;
  readonly privilege: number;
  readonly effect: readonly string[];
  readonly touches: readonly string[];
  readonly by: 'apply' | 'patch' | 'guide';
}
export interface ReportFinding {
  readonly id: string;
  readonly severity: 'fault' | 'risk' | 'note';
  readonly title: string;
  readonly evidence: readonly Evidence[];
  /** Ids and ways that follow from it. */
  readonly explains: readonly string[];
  readonly fixes: readonly FixOffer[];
}
/** The shape of `check --json` (gpumedic.check/1), and the trails it was made from. */
export interface Report {
  readonly schema: 'gpumedic.check/1';
  readonly verdict: 'ok' | 'fault' | 'unknown';
  readonly mutated: false;
  readonly tookMs: number;
  readonly machine: Machine;
  readonly ways: readonly Way[];
  readonly findings: readonly ReportFinding[];
  readonly unknown: readonly { readonly probe: string; readonly because: Because }[];
  /** Containers that the engine could not start, where none was named: a place to go on looking. */
  readonly refused: readonly { readonly name: string; readonly says: string }[];
  readonly internal: { readonly trails: readonly Trail[]; readonly facts: Facts };
  /** The container or image that was named, and how it was judged; absent where none was. */
  readonly container?: { readonly name: string; readonly way: WayId | null; readonly trail: Trail };
}

export interface CheckOptions {
  readonly loadModules?: boolean;
  /** One container or image to look at beside the machine. */
  readonly subject?: Subject;
  readonly now?: () => number;
  readonly signal?: AbortSignal;
}

/** A collector over all probes; commands that may load modules wait until nothing can change, or for `loadModules`. */
export const collect = (box: Box, options: CheckOptions = {}): Collector<typeof probes> =>
  collector(box, options.subject === undefined ? probes : { ...probes, subject: subjectOf(options.subject) }, {
    mayLoad: async get =>
      options.loadModules === true || box.kind !== 'live' || safeToLoad(await get('driver'), await get('nodes')),
  });

/** Forms of request whose engine is installed here; one whose engine cannot be told is kept. */
export const requestsOf = (facts: Facts): readonly Request[] =>
  Object.values(requests).filter(r =>
    r.engine === 'docker' ? facts.dockerCli.path !== null : facts.podman.version !== null,
  );

const platformOf = (facts: Facts): Machine['platform'] => {
  const { where: w } = facts;
  if (w.wsl || or(w.dxg, false)) return 'wsl';
  if (or(w.tegra, null) !== null) return 'tegra';
  if (/^(lxc|docker|podman|systemd-nspawn)/.test(or(w.container, 'none'))) return 'container';
  return ['none', ''].includes(or(w.hypervisor, 'none')) ? 'bare-metal' : 'vm';
};

export const machineOf = (facts: Facts): Machine => {
  const info = daemonOf(facts.docker);
  const context = or(facts.dockerCli.context, 'default');
  const remote = facts.dockerCli.dockerHost !== null && !facts.dockerCli.dockerHost.startsWith('unix://');
  const desktop = /^desktop-/.test(context) || /Docker Desktop/.test(info?.operatingSystem ?? '');
  const docker =
    facts.dockerCli.path === null
      ? undefined
      : {
          version: or(facts.docker.serverVersion, null) ?? or(facts.dockerCli.version, ''),
          running: info !== null,
          rootless: info?.rootless ?? false,
          where: desktop
            ? ('desktop' as const)
            : remote
              ? ('remote' as const)
              : info?.rootDir.startsWith('/var/snap')
                ? ('snap' as const)
                : ('local' as const),
        };
  const podman = or(facts.podman.version, null);
  const pci = or(facts.pci.gpus, []);
  return {
    platform: platformOf(facts),
    os: or(facts.where.os, ''),
    kernel: or(facts.where.kernel, ''),
    host: or(facts.where.host, ''),
    hypervisor: or(facts.where.hypervisor, ''),
    driver: or(facts.driver.loaded, null),
    toolkit: or(facts.toolkit.version, null),
    gpus: facts.smi.gpus.length > 0 ? facts.smi.gpus : pci.map(g => ({ name: g.name, uuid: '', pci: g.address })),
    engines: { ...(docker ? { docker } : {}), ...(podman !== null ? { podman: { version: podman } } : {}) },
  };
};

/** The title of a failure mode, from the index of the field. */
export const titleOf = (id: string): string => (isModeId(id) ? modeIds[id][3] : id);

/** Titles of failure modes and the fixes for them (`telling.ts`). */
export interface Telling {
  readonly title: (id: string) => string;
  readonly ladder: (id: string, facts: Facts) => readonly Fix[];
}

const whyOf = (trail: Trail, tell: Telling): string => {
  if (trail.works === true) return 'nothing stops it';
  if (trail.stoppedBy) return trail.stoppedBy.found || tell.title(trail.stoppedBy.finding!.id);
  const missing = trail.steps.find(s => s.missing.length > 0)?.missing[0];
  return missing ? `cannot tell: ${missing.probe} (${missing.unknown})` : 'cannot tell';
};

/** Where a step stands in the tree, for the order in which things must be mended. */
const every: Readonly<Record<string, Flow>> = allFlows;
const FLOW_ORDER = Object.keys(allFlows);
const rank = (s: Step) => FLOW_ORDER.indexOf(s.flow) * 100 + Object.keys(every[s.flow]!.nodes).indexOf(s.node);
/** Everything above the fork concerns every way. */
const TRUNK = new Set([
  'where',
  'wsl',
  'vfio-vm',
  'jetson',
  'hardware',
  'driver',
  'module',
  'init',
  'card',
  'fabric',
  'mig',
  'sharing',
  'request',
  ...CLUSTER,
]);

interface Heard {
  readonly step: Step;
  readonly severity: 'fault' | 'risk' | 'note' | null;
  readonly ways: Set<WayId>;
}

/** Everything the trails found, one entry an id; severity null is a way that nobody asked for. */
const hear = (trails: readonly Trail[], facts: Facts, wanted: WayId | null): Map<string, Heard> => {
  const heard = new Map<string, Heard>();
  for (const trail of trails) {
    const meant =
      trail.request.way === wanted ||
      trail.request.way === 'docker-gpus' ||
      trail.request.way === 'docker-runtime' ||
      setUp(facts, trail.request);
    for (const step of trail.steps) {
      if (!step.finding) continue;
      const { finding, id } = step.finding;
      const severity =
        finding === 'risk' || finding === 'note'
          ? finding
          : byDesign.has(id)
            ? 'note'
            : finding === 'harm' || meant || TRUNK.has(step.flow)
              ? 'fault'
              : null;
      const old = heard.get(id);
      const ways = old?.ways ?? new Set<WayId>();
      // A container's own fault says nothing about the way in general.
      if (finding === 'stop' && step.flow in flows) ways.add(trail.request.way);
      const graver =
        old === undefined ||
        (old.severity !== 'fault' && severity === 'fault') ||
        (old.severity === null && severity !== null);
      heard.set(id, { step: graver ? step : old.step, severity: graver ? severity : old.severity, ways });
    }
  }
  return heard;
};

const offersFor = (id: string, facts: Facts, tell: Telling): readonly FixOffer[] =>
  tell.ladder(id, facts).map(f => ({
    id: f.id,
    title: f.title,
    privilege: f.privilege,
    effect: f.effect,
    touches: f.touches(facts),
    by: f.by,
  }));

const offered = (findings: readonly ReportFinding[], facts: Facts, tell: Telling): readonly ReportFinding[] =>
  findings.map(f => ({ ...f, fixes: offersFor(f.id, facts, tell) }));

/** The report, from facts alone. */
export const reportOf = (facts: Facts, tell: Telling, tookMs = 0): Report => {
  const asked = requestsOf(facts);
  const verdicts: Judged = new Map();
  // Without an engine the trunk is still worth walking: is the host itself in order?
  const trails = (asked.length > 0 ? asked : [requests['docker-gpus']]).map(r => walk(flows, ROOT, facts, r, verdicts));
  const told = asked.length > 0 ? trails : [];
  const judged = asked.length > 0 ? trails : trails.map(t => ({ ...t, steps: t.steps.filter(s => TRUNK.has(s.flow)) }));
  const wanted = wayOf(facts.subjectRecord, facts);
  const beside = BESIDE.map(id => walk(every, id, facts, requests['docker-gpus'], verdicts));
  const named = facts.subject === null ? null : namedTrail(facts, wanted, told);
  const heard = hear([...judged, ...beside, ...(named ? [named] : [])], facts, wanted);
  const silenced = new Set(
    [...heard]
      .filter(([, h]) => h.severity === 'fault')
      .flatMap(([id]) => consequences[id] ?? [])
      .filter(c => heard.has(c)),
  );
  const findings = [...heard]
    .filter(([id, h]) => h.severity !== null && !silenced.has(id))
    .sort(
      ([, a], [, b]) => Number(b.severity === 'fault') - Number(a.severity === 'fault') || rank(a.step) - rank(b.step),
    )
    .map(
      ([id, h]): ReportFinding => ({
        id,
        severity: h.severity!,
        title: tell.title(id),
        evidence: h.step.seen,
        explains: [
          ...(consequences[id] ?? []).filter(c => silenced.has(c)),
          ...told.filter(t => h.ways.has(t.request.way)).map(t => t.request.way),
        ],
        fixes: offersFor(id, facts, tell),
      }),
    );
  const missing = new Map<string, Unknown>();
  for (const t of [...judged, ...(named ? [named] : [])])
    for (const s of t.steps) for (const m of s.missing) missing.set(`${m.probe} ${m.unknown}`, m);
  const inDoubt =
    told.some(t => t.works === null) ||
    named?.works === null ||
    judged.some(t =>
      t.steps.some(
        s => s.verdict === 'cannotTell' && flows[s.flow as keyof typeof flows].nodes[s.node]?.bears === 'cuda',
      ),
    ) ||
    (asked.length === 0 && judged.some(t => t.steps.some(s => s.verdict === 'cannotTell')));
  return {
    schema: 'gpumedic.check/1',
    verdict: findings.some(f => f.severity === 'fault') ? 'fault' : inDoubt ? 'unknown' : 'ok',
    mutated: false,
    tookMs,
    machine: machineOf(facts),
    ways: told.map(t => ({
      way: t.request.way,
      works: t.works,
      cause: t.stoppedBy?.finding?.id ?? null,
      why: whyOf(t, tell),
      how: t.request.how,
    })),
    findings,
    unknown: [...missing.values()].map(m => ({ probe: m.probe, because: m.unknown })),
    refused: facts.subject === null ? refusedOnes(facts) : [],
    internal: { trails, facts },
    ...(named ? { container: { name: facts.subject!.name, way: wanted, trail: named } } : {}),
  };
};

/** The trail of the container that was named. Where its way is stopped on this machine, what is wrong inside it follows from that. */
const namedTrail = (facts: Facts, way: WayId | null, told: readonly Trail[]): Trail => {
  const trail = walk(every, 'container', facts, requests[way ?? 'docker-gpus']);
  if (told.find(t => t.request.way === way)?.works !== false) return trail;
  const steps = trail.steps.map(({ finding, ...s }) => (finding && s.flow !== 'injected' ? { ...s, finding } : s));
  return { ...trail, steps };
};

/** Asks the box every probe, side by side, and judges. Changes nothing. */
export const checkBox = async (box: Box, options: CheckOptions = {}): Promise<Report> => {
  const now = options.now ?? Date.now;
  const began = now();
  const facts = await collect(cached(box), options).facts();
  // A note asks nobody to mend anything, so a sound box pays for no fix.
  const brief = reportOf(facts, { title: titleOf, ladder: () => [] });
  const isSound = brief.findings.every(f => f.severity === 'note');
  const findings = isSound ? brief.findings : offered(brief.findings, facts, (await import('./telling.ts')).telling);
  return { ...brief, findings, tookMs: now() - began };
};

/** 0 healthy, 1 a fault stands, 2 could not tell. */
export const exitCodeOf = (report: Pick<Report, 'verdict'>): 0 | 1 | 2 =>
  report.verdict === 'ok' ? 0 : report.verdict === 'fault' ? 1 : 2;
