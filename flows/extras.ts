/** What a container has beside its request: mounts, rights, variables (T5, second half). */
import { check, flow, harm, risk, stop, to } from '../src/engine/flow.ts';
import { need } from '../src/engine/known.ts';
import {
  driverMounts,
  excess,
  hidesAll,
  isOverPrivileged,
  mechanisms,
  mechanismWords,
  recordOf,
} from './rules/container.ts';

const INSPECT = 'docker inspect';

export const extras = flow({
  id: 'extras',
  title: 'Beside the request',
  about: 'Mounts, rights and variables that a container does not need for its GPU, or that hide it.',
  start: 'mounts',
  nodes: {
    mounts: check({
      title: 'Mounted driver files',
      question: 'Do the driver files that are mounted into it exist on the host?',
      why: {
        line: 'A driver file mounted by its version is gone after the next update.',
        paragraph:
          'Docker then makes an empty folder of that name on the host, and the container gets a folder where a library should be. One GPU request brings all files by itself; the mounts can go.',
        mechanism:
          'The short volume syntax creates what is missing, as a directory and as root. rmdir takes the empty ones away; rm -r is never needed.',
      },
      source: 'bind-mounted-driver-file-missing; seed 2, section 3',
      probes: ['subjectRecord', 'subjectHost'],
      bears: 'advice',
      decide: f => {
        const c = recordOf(f);
        const sources = f.subjectHost?.sources ?? new Map();
        if (sources.size === 0) return { is: 'none', found: driverMounts(c).length === 0 ? 'none is mounted' : '' };
        const bad = [...sources].filter(([, kind]) => kind === null || kind === 'dir');
        if (bad.length > 0)
          return {
            is: 'missing',
            found: `${bad[0]![0]} ${bad[0]![1] === null ? 'is not there' : 'is a folder'}`,
            seen: bad.map(([path, kind]) => ({
              from: path,
              shows: kind === null ? 'does not exist' : 'is a directory',
            })),
          };
        for (const [, kind] of sources) need(kind);
        return { is: 'there', found: `${sources.size} mounted, all there` };
      },
      on: {
        none: 'many',
        there: 'many',
        missing: stop('bind-mounted-driver-file-missing', 'many'),
        cannotTell: 'many',
      },
    }),
    many: check({
      title: 'One way only',
      question: 'Is the GPU brought in by one mechanism alone?',
      why: {
        line: 'Each mechanism is enough; together they hide each other’s files.',
        paragraph:
          'A runtime, a reservation, nodes and mounted libraries at once come from recipes that were piled up. Keep one and take the rest away one at a time, with nvidia-smi and a CUDA program after each.',
        mechanism:
          'A mounted libcuda of another version shadows the injected one (803); LD_LIBRARY_PATH overrides the refreshed loader cache.',
      },
      source: 'compose-stacked-mechanisms; seed 2, section 3',
      probes: ['subjectRecord', 'docker'],
      bears: 'advice',
      decide: f => {
        const c = recordOf(f);
        const by = mechanisms(c, f);
        // The nvidia runtime beside one request is the same request in two words: CUDA images set the variable themselves.
        const isPiled = by.includes('nodes') || by.includes('mounts') || (by.includes('cdi') && by.includes('gpus'));
        if (by.length < 2 || !isPiled) return { is: 'one' };
        return {
          is: 'several',
          found: by.map(m => mechanismWords[m]).join(', '),
          seen: [{ from: INSPECT, shows: by.map(m => mechanismWords[m]).join('; ') }],
        };
      },
      on: { one: 'rights', several: risk('compose-stacked-mechanisms', 'rights'), cannotTell: 'rights' },
    }),
    rights: check({
      title: 'Rights',
      question: 'Does it have more rights than a GPU needs?',
      why: {
        line: 'A privileged container owns the host; a GPU does not need it.',
        paragraph:
          'Privileged, SYS_ADMIN, the whole of /dev: they make many faults invisible and give the container the host. A GPU needs four nodes and the driver’s files, which every official request brings.',
        mechanism: 'privileged switches the device cgroup off and shows all of /dev.',
      },
      source: 'over-privileged-workaround; seeds 2 and 3',
      probes: ['subjectRecord', 'docker'],
      bears: 'advice',
      decide: f => {
        const c = recordOf(f);
        if (!isOverPrivileged(c, f)) return { is: 'fitting' };
        const has = excess(c);
        return {
          is: 'tooMany',
          found: has.map(e => e.has).join(', '),
          seen: has.map(e => ({ from: INSPECT, shows: e.has })),
        };
      },
      on: {
        fitting: 'visibility',
        tooMany: risk('over-privileged-workaround', 'visibility'),
        cannotTell: 'visibility',
      },
    }),
    visibility: check({
      title: 'CUDA_VISIBLE_DEVICES',
      question: 'Does a variable hide the GPU from CUDA?',
      why: {
        line: 'Inside the container GPUs are counted from 0 again.',
        paragraph:
          'CUDA_VISIBLE_DEVICES with an index of the host, an empty value or -1 hides the GPU from every CUDA program, while nvidia-smi still lists it. Choose the GPU in the request and leave this variable out.',
        mechanism: 'libcuda applies it after the injection; nvidia-smi and NVML do not read it.',
      },
      source: 'cuda-visible-devices-wrong',
      probes: ['subjectRecord', 'smi', 'docker'],
      bears: 'advice',
      decide: f => {
        const c = recordOf(f);
        const value = c.env.CUDA_VISIBLE_DEVICES;
        if (value === undefined) return { is: 'free' };
        const hides = hidesAll(c, f);
        return hides === null
          ? { is: 'free', found: `CUDA_VISIBLE_DEVICES=${value}` }
          : { is: 'hidden', found: hides, seen: [{ from: INSPECT, shows: `CUDA_VISIBLE_DEVICES=${value}` }] };
      },
      on: { free: 'paths', hidden: harm('cuda-visible-devices-wrong', 'paths'), cannotTell: 'paths' },
    }),
    paths: check({
      title: 'LD_LIBRARY_PATH',
      question: 'Does a library path put another libcuda in front?',
      why: {
        line: 'A stub or compat libcuda on the path is loaded instead of the driver’s.',
        paragraph:
          'The stubs folder of the CUDA toolkit is for linking only: a program that loads it gets error 34. The compat folder helps data-center cards and breaks others with 803 or 804.',
        mechanism: 'LD_LIBRARY_PATH is searched before the loader cache into which the injection writes.',
      },
      source: 'image-stub-libcuda; cuda-compat-conflict',
      probes: ['subjectRecord'],
      bears: 'advice',
      decide: f => {
        const path = recordOf(f).env.LD_LIBRARY_PATH ?? '';
        const seen = [{ from: INSPECT, shows: `LD_LIBRARY_PATH=${path}` }];
        if (/(^|:|\/)stubs\/?(:|$)/.test(path))
          return { is: 'stubs', found: 'the stubs folder is searched first', seen };
        if (/\/compat\/?(:|$)/.test(path)) return { is: 'compat', found: 'the compat folder is searched first', seen };
        return { is: 'clean' };
      },
      on: {
        clean: to('injected'),
        stubs: harm('image-stub-libcuda', to('injected')),
        compat: risk('cuda-compat-conflict', to('injected')),
        cannotTell: to('injected'),
      },
    }),
  },
});
