/** What a lesson says about the box it is read on: facts to lines. Pure; what is not known is said to be not known. */
import { LIBRARIES, NODES, type Show } from '../../flows/lessons/chapters.ts';
import { daemonOf } from '../../flows/probes/docker.ts';
import type { Facts } from '../../flows/probes/index.ts';
import { CONFIG } from '../../flows/probes/toolkit.ts';
import { resolveMode, resolvesTegra } from '../../flows/rules/mode.ts';
import { CannotTell, isUnknown, type Maybe, or } from '../engine/known.ts';
import type { Report } from '../engine/report.ts';
import { code, fact, type Line, text } from '../wizard/lines.ts';
import type { Texts } from './lang.ts';

export interface Shown {
  readonly facts: Facts;
  readonly report: Report;
  /** Folders that only a node of Kubernetes has; null where it cannot be told. */
  readonly signs: readonly { readonly path: string; readonly there: boolean | null }[];
  readonly texts: Texts;
}

const known = <T>(value: Maybe<T>, say: (value: T) => string, { texts }: Shown): string =>
  isUnknown(value) ? `${texts.t('screen.unknown')} (${value.probe}: ${value.unknown})` : say(value);

const libraries = (on: Shown): readonly Line[] => {
  const { facts, texts } = on;
  const { onDisk, cached } = facts.libraries;
  const loaded = or(facts.driver.loaded, null);
  if (isUnknown(onDisk))
    return [
      text(
        known(onDisk, () => '', on),
        'unsure',
        'unsure',
      ),
    ];
  return LIBRARIES.map(name => {
    const role = texts.t(`role.${name}`);
    const files = [...onDisk].filter(([file]) => file.startsWith(`${name}.so.`) && /\.\d+\.\d/.test(file));
    const right = files.find(([file]) => loaded !== null && file.endsWith(loaded)) ?? files[0];
    const named = [...or(cached, new Map<string, string>())].find(([file]) => file.startsWith(`${name}.so`));
    if (right === undefined) {
      if (named !== undefined) return text(`${name}: ${role}. ${named[0]}`, 'plain', 'ok');
      return text(`${name}: ${role}. ${texts.t('screen.missing')}`, 'plain', 'broken');
    }
    const version = right[0].slice(name.length + 4);
    const isRight = loaded === null || version === loaded;
    return text(
      `${name}: ${role}. ${isRight ? right[0] : texts.t('screen.wrong-version', { version })}`,
      'plain',
      isRight ? 'ok' : 'broken',
    );
  });
};

const nodes = (on: Shown): readonly Line[] => {
  const { facts, texts } = on;
  const { present, uvmMajor } = facts.nodes;
  if (isUnknown(present))
    return [
      text(
        known(present, () => '', on),
        'unsure',
        'unsure',
      ),
    ];
  const major: Readonly<Record<string, string>> = {
    nvidiactl: '195:255',
    nvidia0: '195:0',
    'nvidia-modeset': '195:254',
    'nvidia-uvm': `${or(uvmMajor, null) ?? '?'}:0`,
    'nvidia-uvm-tools': `${or(uvmMajor, null) ?? '?'}:1`,
  };
  const further = [...present].filter(name => /^nvidia[1-9]\d*$/.test(name)).sort();
  const wsl = or(facts.where.dxg, false);
  if (wsl) return [text(`/dev/dxg: ${texts.t('role.node.dxg')}`, 'plain', 'ok')];
  return [
    ...NODES.map(name => {
      const there = present.has(name);
      const tail = there ? major[name]! : texts.t('screen.missing');
      return text(`/dev/${name}: ${texts.t(`role.node.${name}`)}. ${tail}`, 'plain', there ? 'ok' : 'broken');
    }),
    ...further.map(name => text(`/dev/${name}: ${texts.t('role.node.nvidiaN')}`, 'plain', 'ok')),
    ...(daemonOf(facts.docker) === null
      ? []
      : [text(texts.t('show.cgroup', { driver: daemonOf(facts.docker)!.cgroupDriver || '?' }), 'dim')]),
  ];
};

const versions = (on: Shown): readonly Line[] => {
  const { facts, texts } = on;
  const { t } = texts;
  const loaded = facts.driver.loaded;
  const found = facts.libraries.nvmlVersions;
  const daemon = daemonOf(facts.docker);
  const docker = or(facts.docker.serverVersion, null) ?? or(facts.dockerCli.version, '');
  return [
    fact(
      t('show.module'),
      known(loaded, v => v ?? t('show.none-loaded'), on),
    ),
    fact(
      t('show.libraries'),
      found.length === 0
        ? t('screen.missing')
        : found.map(version => t(version === or(loaded, null) ? 'show.agree' : 'show.differ', { version })).join('; '),
    ),
    fact(
      t('show.toolkit'),
      known(facts.toolkit.version, v => v ?? t('show.not-installed'), on),
    ),
    fact(
      t('show.docker'),
      or(facts.dockerCli.path, null) === null
        ? t('show.not-installed')
        : daemon === null
          ? t('show.docker-down', { version: docker })
          : daemon.version,
    ),
  ];
};

/** The ways as the tree predicts them, with the cause in the language of the lesson. */
export const wayLines = ({ report, texts }: Pick<Shown, 'report' | 'texts'>): readonly Line[] =>
  report.ways.map(way => ({
    kind: 'way',
    how: way.how,
    works: way.works,
    because: way.works === true ? '' : way.cause === null ? way.why : texts.mode(way.cause).title,
  }));

const mode = (on: Shown): readonly Line[] => {
  const { facts, texts } = on;
  const { t } = texts;
  const set = facts.config.mode;
  const first =
    or(facts.config.text, null) === null
      ? t('show.mode.default', { path: CONFIG })
      : t('show.mode.read', { path: CONFIG, mode: set });
  const numbered = (steps: readonly string[]): readonly Line[] => steps.map((step, i) => text(`${i + 1}. ${step}`));
  if (set !== 'auto') return numbered([first, t('show.mode.set', { mode: set }), t('show.mode.hook')]);
  try {
    if (resolvesTegra(facts))
      return numbered([
        first,
        t('show.mode.names'),
        t('show.mode.tegra-yes', { tegra: or(facts.where.tegra, null) ?? facts.smi.gpus[0]?.name ?? '' }),
        t('show.mode.hook'),
      ]);
    const version = or(facts.toolkit.version, null);
    const last =
      version === null
        ? t('show.mode.unknown')
        : t('show.mode.default-mode', { version, mode: resolveMode(facts, false).mode });
    return numbered([first, t('show.mode.names'), t('show.mode.tegra-no'), last, t('show.mode.hook')]);
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error;
    return numbered([first, t('show.mode.names'), t('show.mode.unknown')]);
  }
};

const specs = (on: Shown): readonly Line[] => {
  const { facts, texts } = on;
  const { t } = texts;
  const { specs: all } = facts.cdiSpecs;
  const dirs = Object.keys(facts.cdiDirs.dirs).join(', ');
  const daemon = daemonOf(facts.docker);
  const searched =
    daemon === null
      ? []
      : daemon.cdiSpecDirs.length === 0
        ? [text(t('show.specs.docker-off', { version: daemon.version }), 'plain', 'note')]
        : [text(t('show.specs.docker', { dirs: daemon.cdiSpecDirs.join(', ') }), 'plain', 'ok')];
  if (all.length === 0) return [text(t('show.specs.none', { dirs })), ...searched];
  const lines = all.flatMap((spec): readonly Line[] => {
    if (spec.fault !== null)
      return [text(t('show.specs.fault', { path: spec.path, fault: spec.fault }), 'plain', 'broken')];
    const names = [...spec.devices.keys()];
    const paths = [spec.common, ...spec.devices.values()].flatMap(e => [...e.mounts, ...e.nodes.map(n => n.hostPath)]);
    const gone = [...new Set(paths)].filter(path => facts.cdiHost.there.get(path) === false);
    const earlier = all.some(
      other =>
        other !== spec && other.dir < spec.dir && other.kind === spec.kind && names.some(n => other.devices.has(n)),
    );
    return [
      text(t('show.specs.file', { path: spec.path, version: spec.version, kind: spec.kind }), 'strong'),
      text(t('show.specs.devices', { devices: names.map(n => `${spec.kind}=${n}`).join(', ') }), 'plain', 'note'),
      text(
        t('show.specs.common', {
          nodes: spec.common.nodes.length,
          mounts: spec.common.mounts.length,
          hooks: spec.common.hooks.length,
        }),
        'plain',
        'note',
      ),
      gone.length > 0
        ? text(t('show.specs.gone', { n: gone.length, example: gone[0]! }), 'plain', 'broken')
        : text(t('show.specs.there'), 'plain', 'ok'),
      ...(earlier ? [text(t('show.specs.wins'), 'plain', 'note')] : []),
      ...spec.common.mounts.slice(0, 3).map(mount => code(`  ${mount}`, 'dim')),
    ];
  });
  return [...lines, ...searched];
};

const kube = ({ signs, texts }: Shown): readonly Line[] => {
  const found = signs.filter(sign => sign.there === true);
  const open = signs.filter(sign => sign.there === null);
  return [
    ...(found.length === 0 && open.length === 0 ? [text(texts.t('show.kube.none'), 'plain', 'note')] : []),
    ...found.map(({ path }) => text(texts.t('show.kube.found', { what: path }), 'plain', 'ok')),
    ...open.map(({ path }) => text(`${path}: ${texts.t('screen.unknown')}`, 'plain', 'unsure')),
  ];
};

const tegra = (on: Shown): readonly Line[] => {
  const { facts, texts } = on;
  const is = facts.where.tegra;
  if (isUnknown(is))
    return [
      text(
        known(is, () => '', on),
        'unsure',
        'unsure',
      ),
    ];
  if (is === null) return [text(texts.t('show.tegra.none'), 'plain', 'note')];
  const lists = or(facts.csvLists.lists, []);
  return [
    text(texts.t('show.tegra.is', { what: is }), 'plain', 'ok'),
    text(
      texts.t('show.tegra.lists', { lists: lists.length === 0 ? texts.t('screen.none') : lists.join(', ') }),
      'plain',
      lists.length === 0 ? 'broken' : 'ok',
    ),
  ];
};

const vm = ({ facts, texts }: Shown): readonly Line[] => {
  const hypervisor = or(facts.where.hypervisor, 'none');
  const container = or(facts.where.container, 'none');
  const n = or(facts.pci.functions, []).length;
  return [
    hypervisor === 'none' || hypervisor === ''
      ? text(texts.t('show.vm.bare'), 'plain', 'note')
      : text(texts.t('show.vm.is', { hypervisor, n }), 'plain', 'note'),
    ...(container === 'none' || container === ''
      ? []
      : [text(texts.t('show.vm.container', { what: container }), 'plain', 'note')]),
  ];
};

const lasting = ({ facts, texts }: Shown): readonly Line[] => {
  const { t } = texts;
  const sound = facts.cdiSpecs.specs.filter(spec => spec.fault === null);
  const daemon = daemonOf(facts.docker);
  const isRefreshed = or(facts.units.refreshPathActive, '') === 'active';
  return [
    ...(sound.length === 0 ? [text(t('show.last.no-spec'), 'plain', 'note')] : []),
    ...(sound.some(s => s.dir.endsWith('/run/cdi'))
      ? [text(t('show.last.run'), 'plain', isRefreshed ? 'ok' : 'unsure')]
      : []),
    ...(sound.some(s => s.dir === '/etc/cdi') ? [text(t('show.last.etc'), 'plain', 'unsure')] : []),
    ...(sound.length > 0
      ? [
          text(
            t(isRefreshed ? 'show.last.refresh-on' : 'show.last.refresh-off'),
            'plain',
            isRefreshed ? 'ok' : 'unsure',
          ),
        ]
      : []),
    text(t('show.last.udev'), 'plain', 'note'),
    ...(daemon === null
      ? []
      : [
          text(
            t(daemon.liveRestore ? 'show.last.live-on' : 'show.last.live-off'),
            'plain',
            daemon.liveRestore ? 'ok' : 'note',
          ),
        ]),
  ];
};

const all: Readonly<Record<Show, (on: Shown) => readonly Line[]>> = {
  libraries,
  nodes,
  versions,
  ways: wayLines,
  mode,
  specs,
  kube,
  tegra,
  vm,
  lasting,
};

export const show = (what: Show, on: Shown): readonly Line[] => all[what](on);
