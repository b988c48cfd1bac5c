import { check, flow, harm, stop, to } from '../src/engine/flow.ts';
import { isUnknown, need, or } from '../src/engine/known.ts';
import type { Facts } from './probes/index.ts';
import { CONFIG } from './probes/toolkit.ts';
import { resolveMode } from './rules/mode.ts';
import { atLeast, since } from './rules/version.ts';

const at = (shows: string) => [{ from: CONFIG, shows }];
const usesJit = (f: Pick<Facts, 'config' | 'toolkit' | 'where' | 'smi'>, way: string) =>
  way !== 'docker-gpus' && resolveMode(f, false).mode === 'jit-cdi';
/** Plain /usr/lib is the one folder that the generator of the runtime finds by the cache only. */
const isLookedInto = (path: string): boolean => !/^\/usr\/lib\/[^/]+$/.test(path);
/** A library on disk, by the beginning of its name. */
const onDisk = (f: Pick<Facts, 'libraries'>, name: string): string | undefined =>
  isUnknown(f.libraries.onDisk) ? undefined : [...f.libraries.onDisk].find(([n]) => n.startsWith(name))?.[1];

/** The host's driver libraries as the legacy CLI and the NVIDIA runtime look for them. */
export const libraries = flow({
  id: 'libraries',
  title: 'Host libraries',
  about: 'Can the toolkit find the driver libraries it has to inject?',
  start: 'root',
  nodes: {
    root: check({
      title: 'Driver root',
      question: 'Does the configured driver root hold a driver?',
      why: {
        line: 'A leftover root makes the toolkit look for the driver in an empty folder.',
        paragraph:
          'The GPU Operator keeps its driver below /run/nvidia/driver. When such a setting stays behind on a machine whose driver is on the host, the host works and every container fails.',
        mechanism:
          'The CLI changes its root to that folder before it loads NVML; jit-cdi looks for libcuda there. A bare nvidia-container-cli call does not read the setting and passes.',
      },
      source: 'driver-root-wrong',
      probes: ['config', 'configPaths'],
      decide: f => {
        const root = f.config.root;
        if (root === null || root === '/') return { is: 'fine', found: 'the host itself' };
        if (need(f.configPaths.rootExists) === false)
          return { is: 'wrong', found: `${root} does not exist`, seen: at(`root = "${root}"`) };
        return need(f.configPaths.rootHasDriver)
          ? { is: 'fine', found: root }
          : {
              is: 'wrong',
              found: `${root} holds no driver`,
              seen: [...at(`root = "${root}"`), { from: root, shows: 'no usr/bin/nvidia-smi below it' }],
            };
      },
      on: { fine: 'nvml', wrong: stop('driver-root-wrong', 'nvml'), cannotTell: 'nvml' },
    }),
    nvml: check({
      title: 'NVML library',
      question: 'Is libnvidia-ml.so.1 in the loader cache of the host?',
      why: {
        line: 'The first thing the toolkit does is load libnvidia-ml.so.1 of the host.',
        paragraph:
          'The library can be missing, or lie on disk without being in the cache. The error names only the file. It has nothing to do with the ldconfig setting, which is used last.',
        mechanism:
          'nvidia-container-cli forks a child, changes its root and calls dlopen; the search goes through /etc/ld.so.cache. An i386 copy does not count.',
      },
      source:
        'nvml-lib-missing; host-ldcache-stale; driver-root-wrong (the reverse); seed 0 (blames ldconfig.real: the wrong stage)',
      probes: ['libraries', 'config', 'configPaths', 'toolkit', 'where', 'smi', 'driver', 'pci'],
      decide: (f, r) => {
        if (f.config.root !== null && f.config.root !== '/' && or(f.configPaths.rootHasDriver, false))
          return { is: 'cached', found: `below ${f.config.root}` };
        // Only the CLI reads the key; the runtime's own generator finds the libraries by itself.
        if (f.config.ldcache !== null && need(f.configPaths.ldcacheExists) === false && !usesJit(f, r.way))
          return {
            is: 'notCached',
            found: `the cache file ${f.config.ldcache} does not exist`,
            seen: at(`ldcache = "${f.config.ldcache}"`),
          };
        const path = need(f.libraries.cached).get('libnvidia-ml.so.1');
        const gone = f.libraries.gone.has('libnvidia-ml.so.1');
        if (path !== undefined && !gone) return { is: 'cached', found: path };
        const files = [...need(f.libraries.onDisk)].filter(([n]) => n.startsWith('libnvidia-ml.so'));
        const byPath = onDisk(f, 'libnvidia-ml.so.1');
        // nvidia-smi finds it by its folder as well, or it cannot be read there.
        if (byPath !== undefined && isLookedInto(byPath) && f.smi.status !== 12 && usesJit(f, r.way))
          return { is: 'cached', found: `${byPath}, by its folder` };
        const seen = [
          { from: 'ldconfig -p', shows: gone ? `libnvidia-ml.so.1 => ${path}` : 'no libnvidia-ml.so.1' },
          ...(gone ? [{ from: `${path}`, shows: 'is not there' }] : []),
          ...files.slice(0, 2).map(([, p]) => ({ from: p, shows: 'is on disk' })),
        ];
        // Without a driver there is no library either, and then that is what is wrong.
        if (files.length === 0 && !f.where.wsl && need(f.driver.loaded) === null) need(f.pci.gpus);
        if (files.length === 0 && f.driver.elsewhere !== null && f.config.root === null)
          return {
            is: 'elsewhere',
            found: `the driver lies below ${f.driver.elsewhere}, and root is not set`,
            seen: [...seen, { from: f.driver.elsewhere, shows: 'holds a driver' }, ...at('no root is set')],
          };
        return files.length > 0
          ? { is: 'notCached', found: 'on disk, not in the loader cache', seen }
          : { is: 'missing', found: 'libnvidia-ml is not on this host', seen };
      },
      on: {
        cached: 'libcuda',
        notCached: stop('host-ldcache-stale', 'libcuda'),
        elsewhere: stop('driver-root-wrong', 'libcuda'),
        missing: stop('nvml-lib-missing', 'libcuda'),
        cannotTell: 'libcuda',
      },
    }),
    libcuda: check({
      title: 'CUDA library',
      question: 'Is libcuda.so.1 on the host?',
      why: {
        line: 'nvidia-smi works without libcuda; no CUDA program does.',
        paragraph:
          'Some distributions package the compute part of the driver apart from the management part. The container then has NVML and no CUDA.',
        mechanism:
          'libcuda is the user half of the driver and must be of exactly its version, so it is injected from the host and never part of an image.',
      },
      source: 'host-libcuda-missing; host-ldcache-stale; seed 4',
      bears: 'cuda',
      probes: ['libraries', 'config', 'toolkit', 'where', 'smi'],
      decide: (f, r) => {
        const cached = need(f.libraries.cached);
        const { gone } = f.libraries;
        const isReached = (name: string) => cached.has(name) && !gone.has(name);
        // Without NVML the check above has the fault already.
        if (isReached('libcuda.so.1') || !isReached('libnvidia-ml.so.1'))
          return { is: 'there', found: cached.get('libcuda.so.1') ?? '' };
        const stale = cached.get('libcuda.so.1');
        const seen =
          stale === undefined
            ? [{ from: 'ldconfig -p', shows: 'libnvidia-ml.so.1, but no libcuda.so.1' }]
            : [
                { from: 'ldconfig -p', shows: `libcuda.so.1 => ${stale}` },
                { from: stale, shows: 'is not there' },
              ];
        const jit = usesJit(f, r.way);
        const path = onDisk(f, 'libcuda.so.');
        if (path !== undefined)
          return jit && isLookedInto(path)
            ? { is: 'there', found: `${path}, by its folder` }
            : {
                is: 'notCached',
                found: 'libcuda is on disk, not in the loader cache',
                seen: [...seen, { from: path, shows: 'is on disk' }],
              };
        return jit && !atLeast(need(f.toolkit.version) ?? '0', since.toolkitNeedsNoLibcuda)
          ? { is: 'missingForJit', found: 'libcuda is not on this host', seen }
          : { is: 'missing', found: 'libcuda is not on this host', seen };
      },
      on: {
        there: 'route',
        notCached: harm('host-ldcache-stale', 'route'),
        missing: harm('host-libcuda-missing', 'route'),
        missingForJit: stop('host-libcuda-missing', 'route'),
        cannotTell: 'route',
      },
    }),
    route: check({
      title: 'Injection',
      question: 'Who injects: the legacy CLI or the runtime itself?',
      why: {
        line: 'The same libraries reach the container by two different programs.',
        paragraph:
          'In legacy mode a hook calls nvidia-container-cli. In jit-cdi mode the runtime writes a CDI spec in memory and edits the container itself.',
        mechanism:
          'Each has its own requirements: the CLI needs ldconfig and device cgroups, jit-cdi needs nvidia-cdi-hook.',
      },
      source: 'field reference 1.2',
      bears: 'advice',
      probes: ['config', 'toolkit', 'where', 'smi'],
      decide: (f, r) => (usesJit(f, r.way) ? 'jit' : 'legacy'),
      on: { legacy: to('legacy'), jit: to('jit'), cannotTell: to('legacy') },
    }),
  },
});
