/** Fixes of what stands around specs: units that refresh them, files in each other's way, folders nobody searches. */
import { isUnknown, or } from '../../src/engine/known.ts';
import { read, run } from '../../src/engine/probe.ts';
import type { Refusal, Step } from '../../src/plan/plan.ts';
import { removeToml } from '../../src/text/toml.ts';
import type { Spec } from '../probes/cdi.ts';
import type { Facts } from '../probes/index.ts';
import { dirsOf } from '../rules/cdi.ts';
import { isByHook } from '../rules/crio.ts';
import { isOurs, refreshActive, shipsRefresh } from './cdi-spec.ts';
import { applies, byHand, type Draft, does, edits, isRefused, refuse, replaces } from './make.ts';

const REFRESH = ['nvidia-cdi-refresh.path', 'nvidia-cdi-refresh.service'] as const;

/** Enables what is not enabled and starts the rest, so that the undo leaves each unit as it was. */
const enable = (f: Facts): readonly Step[] => {
  const off = [f.units.refreshPathEnabled, f.units.refreshServiceEnabled].flatMap((state, i) =>
    state === 'enabled' ? [] : [REFRESH[i]!],
  );
  const on = REFRESH.filter(u => !off.includes(u));
  const why = 'the units of the toolkit write the spec at boot and after each driver update';
  return [
    ...(off.length > 0
      ? [does(why, ['systemctl', 'enable', '--now', ...off], ['systemctl', 'disable', '--now', ...off])]
      : []),
    ...(on.length > 0 ? [does(why, ['systemctl', 'start', ...on], ['systemctl', 'stop', ...on])] : []),
  ];
};

export const enableRefresh = applies({
  id: 'enable-cdi-refresh-units',
  title: "Enable the toolkit's CDI refresh units",
  mends: ['cdi-refresh-unit-inactive', 'cdi-spec-missing', 'own-generate-unit-broken'],
  privilege: 2,
  effect: ['E1'],
  source:
    '2.8 cdi-refresh-unit-inactive; replaces the units of seed 1, section 3, which are unnecessary from toolkit 1.18',
  fits: f => shipsRefresh(f) && !refreshActive(f) && f.units.refreshPathEnabled !== 'masked',
  plan: f => ({
    summary:
      'Switches on what the toolkit ships for this purpose; it writes /var/run/cdi/nvidia.yaml and interrupts nothing.',
    steps: enable(f),
    afterwards: [
      'It writes a spec only while the driver is loaded: systemctl status nvidia-cdi-refresh.service tells.',
    ],
  }),
});

export const refreshNow = applies({
  id: 'run-cdi-refresh',
  title: "Run the toolkit's CDI refresh unit now",
  mends: ['cdi-refresh-unit-inactive', 'cdi-spec-missing'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 cdi-refresh-unit-inactive',
  fits: f => shipsRefresh(f) && refreshActive(f),
  plan: () => ({
    summary:
      'The units are on and their last run wrote nothing, often because the driver came later; this runs it again.',
    steps: [
      does('writes /var/run/cdi/nvidia.yaml', ['systemctl', 'restart', 'nvidia-cdi-refresh.service'], {
        nothing: 'the unit only rewrites its own file, which is gone at the next boot',
      }),
    ],
  }),
});

const OWN = 'nvidia-cdi-generate.service';

export const retireOwnUnit = applies({
  id: 'replace-own-generate-unit',
  title: "Switch the hand-written unit off and use the toolkit's",
  mends: ['own-generate-unit-broken'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 own-generate-unit-broken; seed 1, section 3: redundant from toolkit 1.18, and too late at boot',
  fits: f => shipsRefresh(f) && f.units.ownGenerate !== null,
  needs: () => ({ enabled: run('systemctl', 'is-enabled', OWN) }),
  plan: (f, a) => {
    const isOn = a.enabled.kind === 'exited' && a.enabled.stdout.trim() === 'enabled';
    const steps = [
      ...(isOn
        ? [does('the toolkit has units for this', ['systemctl', 'disable', OWN], ['systemctl', 'enable', OWN])]
        : []),
      ...(refreshActive(f) ? [] : enable(f)),
    ];
    if (steps.length === 0)
      return refuse(
        `${OWN} is not enabled and the units of the toolkit run already`,
        `sudo systemctl edit --full ${OWN}`,
      );
    return {
      summary:
        'Disables the own unit (its file stays) and relies on the units of the toolkit, which also follow driver updates.',
      steps,
    };
  },
});

/** Beside the folder and not in it: the whole folder is searched. No new folder, so that an undo leaves nothing. */
const aside = (path: string): string => {
  const cut = path.lastIndexOf('/');
  return `${path.slice(0, cut)}.${path.slice(cut + 1)}.disabled`;
};

const movedAside = (s: Spec, why: string): readonly Step[] | Refusal => {
  if (isUnknown(s.text))
    return refuse(`${s.path} is not text, so it is not moved from here`, `sudo mv ${s.path} ${aside(s.path)}`);
  return [
    replaces(aside(s.path), null, s.text, 'a copy where no engine looks', 0o644),
    replaces(s.path, s.text, null, why),
  ];
};

const clash = (f: Facts): readonly (readonly [keep: Spec, redundant: Spec])[] => {
  const ours = f.cdiSpecs.specs.filter(s => isOurs(s) && s.fault === null);
  const gone = (s: Spec) => s.common.mounts.filter(m => f.cdiHost.there.get(m) === false).length;
  const usual = (s: Spec) => (/\/nvidia\.yaml$/.test(s.path) ? 0 : 1);
  const best = (a: Spec, b: Spec) =>
    gone(a) - gone(b) || usual(a) - usual(b) || b.devices.size - a.devices.size || (a.path < b.path ? -1 : 1);
  return [...new Set(ours.map(s => s.dir))].flatMap(dir => {
    const [keep, ...others] = ours.filter(s => s.dir === dir).toSorted(best);
    return keep === undefined
      ? []
      : others.filter(o => [...o.devices.keys()].some(d => keep.devices.has(d))).map(o => [keep, o] as const);
  });
};

export const moveConflict = applies({
  id: 'move-conflicting-cdi-spec',
  title: 'Move the redundant CDI spec out of the folder',
  mends: ['cdi-spec-conflict'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 cdi-spec-conflict; generating by hand beside the shipped units (seeds 0 to 2) leads here',
  fits: f => clash(f).length > 0,
  touches: f => clash(f).map(([, s]) => s.path),
  plan: f => {
    const pairs = clash(f);
    const keep = pairs[0]?.[0];
    if (!keep) return refuse('no two specs of one folder define the same device');
    const steps: Step[] = [];
    for (const [kept, s] of pairs) {
      const moved = movedAside(s, `${kept.path} defines the same devices; with both, neither counts`);
      if (isRefused(moved)) return moved;
      steps.push(...moved);
    }
    return {
      summary: `Keeps ${keep.path}, whose files exist on this host, and takes the other definition away; no restart.`,
      steps,
    };
  },
});

/** A static spec that wins over the one the units keep current: possible only with the folders in another order. */
const shadow = (f: Facts): Spec | null => {
  const dirs = dirsOf(f, 'docker');
  if (!refreshActive(f) || dirs.indexOf('/etc/cdi') < dirs.indexOf('/var/run/cdi')) return null;
  const ours = f.cdiSpecs.specs.filter(s => isOurs(s) && s.fault === null);
  return ours.some(s => s.dir === '/var/run/cdi') ? (ours.find(s => s.dir === '/etc/cdi') ?? null) : null;
};

export const dropStatic = applies({
  id: 'remove-static-cdi-spec',
  title: 'Move the static CDI spec away; the refresh units have one',
  mends: ['cdi-spec-stale', 'cdi-spec-stale-device-major'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 cdi-spec-stale: the static file of seeds 0 to 2 is never refreshed',
  fits: f => shadow(f) !== null,
  touches: f => [shadow(f)?.path ?? '/etc/cdi/nvidia.yaml'],
  plan: f => {
    const s = shadow(f);
    const steps = s
      ? movedAside(s, 'the refresh units keep /var/run/cdi/nvidia.yaml current')
      : refuse('there is no second spec');
    return isRefused(steps) ? steps : { summary: 'Leaves only the spec that is kept current; no restart.', steps };
  },
});

/** Files whose one-letter vendor or class takes every engine down. */
export const deadly = (f: Facts): readonly Spec[] => f.cdiSpecs.specs.filter(s => s.deadly);

export const removeDeadly = (f: Facts): Draft | Refusal => {
  const steps: Step[] = [];
  for (const s of deadly(f)) {
    const moved = movedAside(s, `kind ${s.kind}: every program that loads this folder ends in a panic`);
    if (isRefused(moved)) return moved;
    steps.push(...moved);
  }
  if (steps.length === 0) return refuse('no spec with a one-letter vendor or class was found');
  return { summary: 'Takes the one file away that crashes every engine, and starts Docker again.', steps };
};

const PODMAN_CONF = '/etc/containers/containers.conf';

export const podmanDirs = applies({
  id: 'remove-podman-spec-dirs',
  title: "Take the custom CDI folders out of Podman's configuration",
  mends: ['cdi-spec-dir-mismatch'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 cdi-spec-dir-mismatch',
  fits: f => !['/etc/cdi', '/var/run/cdi'].every(d => f.podman.specDirs.includes(d)),
  touches: () => [PODMAN_CONF],
  needs: () => ({ conf: read(PODMAN_CONF) }),
  plan: (_, a) => {
    if (a.conf.kind !== 'file') return refuse(`${PODMAN_CONF} could not be read (${a.conf.kind})`);
    const step = edits(
      PODMAN_CONF,
      a.conf.text,
      removeToml(a.conf.text, 'engine', 'cdi_spec_dirs'),
      'without the key Podman searches /etc/cdi and /var/run/cdi',
    );
    return isRefused(step)
      ? step
      : { summary: 'Restores the two default folders for Podman; no restart.', steps: [step] };
  },
});

/** Of Podman's folders and of those that CRI-O runs; where a hook alone injects into pods it is no leftover. */
const legacyHooks = (f: Facts): readonly string[] =>
  isByHook(f) ? [] : [...new Set([...f.podman.legacyHooks, ...or(f.cri.crio?.hooks ?? [], [])])];

export const moveLegacyHook = applies({
  id: 'move-podman-legacy-hook',
  title: 'Move the old NVIDIA hook out of the folder of hooks',
  mends: ['podman-legacy-hook-leftover'],
  privilege: 2,
  effect: ['E1'],
  source: '2.11 podman-legacy-hook-leftover',
  fits: f => legacyHooks(f).length > 0,
  touches: legacyHooks,
  needs: (f): Record<string, ReturnType<typeof read>> => Object.fromEntries(legacyHooks(f).map(p => [p, read(p)])),
  plan: (f, a) => {
    const steps: Step[] = [];
    for (const path of legacyHooks(f)) {
      const file = a[path];
      if (file?.kind !== 'file') return refuse(`${path} could not be read`);
      steps.push(
        replaces(aside(path), null, file.text, 'a copy where no engine looks', 0o644),
        replaces(path, file.text, null, 'CDI does not need the hook, and both together fail'),
      );
    }
    return { summary: 'Takes the hook of the time before CDI away; no restart.', steps };
  },
});

export const linkedDir = byHand({
  id: 'replace-linked-cdi-folder',
  title: 'Replace the linked CDI folder by a real one',
  mends: ['cdi-spec-dir-mismatch'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 cdi-spec-dir-mismatch: a linked folder is followed by Docker 29.2 and later only',
  fits: f => Object.values(f.cdiDirs.dirs).some(d => d.link !== null),
  steps: f => {
    const [dir] = Object.entries(f.cdiDirs.dirs).find(([, d]) => d.link !== null) ?? ['/etc/cdi'];
    return [
      { say: `See where ${dir} leads.`, argv: ['readlink', '-f', dir] },
      { say: 'Remove the link (the files behind it stay).', argv: ['sudo', 'rm', dir] },
      {
        say: 'Make a folder and generate the spec into it.',
        argv: ['sudo', 'nvidia-ctk', 'cdi', 'generate', `--output=${dir}/nvidia.yaml`],
      },
      { say: 'Then run gpumedic again.' },
    ];
  },
});

export const cdiPlaceFixes = [
  enableRefresh,
  refreshNow,
  retireOwnUnit,
  moveConflict,
  dropStatic,
  podmanDirs,
  moveLegacyHook,
  linkedDir,
];
