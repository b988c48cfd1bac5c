/** What CRI-O makes of its files when it starts, as far as the nvidia handler and CDI depend on it. */
import type { Evidence } from '../../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or } from '../../src/engine/known.ts';
import { canonical, DEFAULT_DIRS, type Spec } from '../probes/cdi.ts';
import { CONMON, type CrioFacts, isIgnored } from '../probes/crio.ts';
import type { Facts } from '../probes/index.ts';
import { crioVersion } from './kubernetes.ts';
import { cdiSchemaOf, compare } from './version.ts';

type OnCrio = Pick<Facts, 'cri'>;

/** The nvidia handler as its files write it; undefined where none does. */
export const writtenHandler = (f: OnCrio) => f.cri.crio?.written.runtimes.nvidia;

/** Containers are injected by a hook of the time before handlers: it acts on their variable, whatever class they have. */
export const isByHook = (f: OnCrio): boolean =>
  f.cri.crio !== null &&
  or(f.cri.crio.hooks, []).length > 0 &&
  !('nvidia' in or(f.cri.crio.live, f.cri.crio.written).handlers);

/**
 * Why CRI-O does not come up with this handler; null where it does. A handler without its program is left out at start
 * unless it is the default one; a handler without its monitor ends the start.
 */
export const whyNoStart = ({ written, there }: CrioFacts): string | null => {
  const handler = written.runtimes.nvidia;
  if (handler === undefined) return null;
  if (isIgnored(handler, there))
    return written.defaultRuntime === 'nvidia'
      ? `it is the default, and ${handler.path || 'nvidia'} is not there`
      : null;
  const type = handler.options.runtime_type ?? '';
  if (type !== '' && type !== 'oci') return null;
  const monitor = written.conmon || handler.monitor;
  if (monitor !== '') return need(there.get(monitor) ?? true) ? null : `${monitor}, its monitor_path, is not there`;
  const found = CONMON.map(p => there.get(p) ?? false);
  if (found.includes(true)) return null;
  const unseen = found.filter(isUnknown);
  if (unseen.length > 0) throw new CannotTell(unseen);
  return 'it names no monitor_path, and there is no conmon in the PATH';
};

type OnCdi = Pick<Facts, 'cri' | 'kubeApi' | 'cdiSpecs'>;
export type CrioCdi =
  | { readonly is: 'none' }
  | { readonly is: 'resolves'; readonly spec: Spec }
  | { readonly is: 'otherDir' | 'tooNew'; readonly seen: readonly Evidence[] };

export const cdiDirsOf = (crio: CrioFacts): readonly string[] =>
  (or(crio.live, null)?.cdiDirs ?? crio.written.cdiDirs ?? DEFAULT_DIRS).map(canonical);

/** Whether CRI-O loads a spec that names GPUs. The device plugin writes one of its own kind, and asks by that. */
export const resolvesFor = (f: OnCdi, crio: CrioFacts): CrioCdi => {
  const all = f.cdiSpecs.specs.filter(s => s.fault === null && /(^|\.)nvidia\.com\/gpu$/.test(s.kind));
  const plugins = all.filter(s => s.kind.startsWith('k8s.device-plugin.'));
  const specs = (plugins.length > 0 ? plugins : all).filter(s => !s.kind.startsWith('management.'));
  if (specs.length === 0) return { is: 'none' };
  const dirs = cdiDirsOf(crio);
  const read = specs.filter(s => dirs.includes(s.dir));
  if (read.length === 0)
    return {
      is: 'otherDir',
      seen: [
        { from: isUnknown(crio.live) ? f.cri.path : f.cri.liveFrom, shows: `cdi_spec_dirs: ${dirs.join(', ')}` },
        { from: specs[0]!.path, shows: `kind: ${specs[0]!.kind}` },
      ],
    };
  const version = crioVersion(f) ?? need(crio.version) ?? '0';
  const schema = cdiSchemaOf.crio(version);
  const sound = read.find(s => compare(s.version, schema) <= 0);
  return sound
    ? { is: 'resolves', spec: sound }
    : {
        is: 'tooNew',
        seen: [
          { from: read[0]!.path, shows: `cdiVersion: ${read[0]!.version}` },
          { from: 'CRI-O', shows: `${version} reads up to ${schema}` },
        ],
      };
};
