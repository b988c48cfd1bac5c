/** What only the image can be blamed for, once the injection is proven or the image alone is looked at (T9). */
import { check, flow, harm, stop, works } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or } from '../src/engine/known.ts';
import { imageArch, recordOf } from './rules/container.ts';
import { missingModule, trouble, usesIn } from './rules/log-words.ts';
import { atLeast } from './rules/version.ts';

const NOT_ASKED = 'not looked at: it does not run, and no container was started in its place (--try)';

export const image = flow({
  id: 'image',
  title: 'Image and application',
  about: 'The CUDA runtime, the framework and the application belong to the image; the host cannot mend them.',
  start: 'platform',
  nodes: {
    platform: check({
      title: 'Platform',
      question: 'Was the image built for this processor?',
      why: {
        line: 'An image for another processor runs by emulation at best, and never with CUDA.',
        paragraph:
          'arm64 and amd64 images have the same names. Without emulation the start ends in "exec format error"; with it everything works except CUDA. Pull the image for the right platform.',
        mechanism:
          'Os and Architecture of the image against uname -m. Jetson images (L4T) and server arm64 images differ as well.',
      },
      source: 'image-platform-mismatch',
      probes: ['subjectRecord', 'subjectHost', 'where'],
      bears: 'advice',
      decide: f => {
        const img = f.subjectHost === null ? (f.subjectRecord?.image ?? null) : f.subjectHost.image;
        if (img === null) throw new CannotTell([{ unknown: 'absent', probe: 'docker image inspect' }]);
        const { arch } = need(img);
        const host = need(f.where.arch);
        return arch === imageArch(host) || arch === ''
          ? { is: 'fits', found: arch }
          : {
              is: 'other',
              found: `an image for ${arch} on ${host}`,
              seen: [
                { from: 'docker image inspect', shows: `Architecture ${arch}` },
                { from: 'uname -m', shows: host },
              ],
            };
      },
      on: { fits: 'driverFiles', other: stop('image-platform-mismatch', 'says'), cannotTell: 'driverFiles' },
    }),
    driverFiles: check({
      title: 'Own driver files',
      question: 'Does the image bring driver libraries of its own?',
      why: {
        line: 'libcuda and libnvidia-ml come from the host; in an image they get in the way.',
        paragraph:
          'The meta package cuda, or an image built with the nvidia runtime as default, leaves driver libraries behind. They are kept when the container starts, and then do not fit the driver. Use cuda-runtime packages and rebuild.',
        mechanism:
          'Looked at in a throw-away container without any GPU request: whatever is there then is the image’s own, empty files too.',
      },
      source: 'image-bundles-driver-libs; field reference 1.1',
      probes: ['subjectInside', 'subjectRecord'],
      bears: 'advice',
      decide: f => {
        const at = f.subjectInside;
        if (at === null) throw new CannotTell([{ unknown: 'unrecorded', probe: 'the files of the image' }]);
        if (!at.asked) return { is: 'notAsked', found: NOT_ASKED };
        const files = need(at.files);
        // In a running container injected files stand beside the image's own; there only the failing programs decide.
        if (at.by === 'exec') return { is: 'none', found: 'judged by the programs in the running container' };
        const own = [...files.keys()];
        return own.length === 0
          ? { is: 'none' }
          : {
              is: 'brought',
              found: own.join(', '),
              seen: own.map(p => ({
                from: 'docker run … ls -ld, without a GPU request',
                shows: `${p} is in the image`,
              })),
            };
      },
      on: { none: 'says', notAsked: 'says', brought: stop('image-bundles-driver-libs', 'says'), cannotTell: 'says' },
    }),
    says: check({
      title: 'Log',
      question: 'Does its log name something that the image lacks?',
      why: {
        line: 'Once CUDA starts, what fails is in the image or in the application.',
        paragraph:
          'A missing libcudart or cuDNN, a CPU build, a build without code for this GPU, or a module that was never copied into the image: each says so in the log, and each is mended by a new build.',
        mechanism:
          'libcudart and its family are image content and never injected. A module that the start command names is the application’s own; a well-known package name is a missing requirement.',
      },
      source: 'field reference 3.1 T9; seed 0, Fix 4',
      probes: ['subjectRecord', 'subjectHost', 'toolkit'],
      bears: 'advice',
      decide: f => {
        const log = f.subjectHost === null ? null : need(f.subjectHost.log);
        if (log === null) return { is: 'nothing', found: 'there is no log' };
        // A program that runs may try optional modules and go on without them.
        const module = recordOf(f).status === 'running' ? null : missingModule(log);
        if (module !== null) {
          const seen = [{ from: 'docker logs', shows: module.line }];
          const env =
            f.subjectRecord !== null && !isUnknown(f.subjectRecord.container)
              ? f.subjectRecord.container?.env
              : undefined;
          if (module.is === 'dependency')
            return { is: 'dependency', found: `the package of ${module.name} is not installed in the image`, seen };
          if (env?.PYTHONPATH !== undefined)
            return {
              is: 'path',
              found: `${module.name} is not on PYTHONPATH or was not copied`,
              seen: [...seen, { from: 'docker inspect', shows: `PYTHONPATH=${env.PYTHONPATH}` }],
            };
          return {
            is: 'own',
            found: `Python finds no ${module.name}: not copied into the image, or not where it looks`,
            seen,
          };
        }
        const t = trouble(log);
        if (t === null) {
          const own = usesIn(log);
          if (own === null) return { is: 'nothing' };
          return {
            is: 'nothing',
            found: `it says itself that it runs on the ${own.uses.toUpperCase()}: ${own.line.slice(0, 90)}`,
          };
        }
        const toolkit = or(f.toolkit.version, null);
        // 1.18 does not find libraries in /usr/lib/…/nvidia/current; 1.19 does.
        if (t.word === 'capability' && toolkit !== null && atLeast(toolkit, '1.18') && !atLeast(toolkit, '1.19'))
          return {
            is: 'regression',
            found: `toolkit ${toolkit} leaves codecs and graphics out`,
            seen: [
              { from: 'docker logs', shows: t.line },
              { from: 'nvidia-ctk --version', shows: toolkit },
            ],
          };
        return {
          is: t.word as Exclude<typeof t.word, 'own' | 'dependency'>,
          found: t.line.slice(0, 120),
          seen: [{ from: 'docker logs', shows: t.line }],
        };
      },
      on: {
        nothing: 'framework',
        own: stop('image-app-module-missing', 'framework'),
        dependency: stop('image-app-module-missing', 'framework'),
        path: stop('image-app-module-missing', 'framework'),
        libcudart: stop('image-libcudart-missing', 'framework'),
        cpuOnly: stop('image-cpu-only-framework', works),
        arch: stop('image-arch-not-compiled', 'framework'),
        busy: harm('gpu-busy-or-exclusive', 'framework'),
        stub: harm('image-stub-libcuda', 'framework'),
        capability: harm('driver-capabilities-missing', 'framework'),
        regression: harm('jit-cdi-regression-apps', 'framework'),
        platform: stop('image-platform-mismatch', 'framework'),
        cannotTell: 'framework',
      },
    }),
    framework: check({
      title: 'Framework',
      question: 'Is the framework in it a build for CUDA?',
      why: {
        line: 'A CPU build runs everywhere and never sees a GPU.',
        paragraph:
          'pip installs the CPU build where the index or the pin says so, and on arm64 it did so for long. Nothing on the host changes that: install the CUDA build and rebuild without the cache.',
        mechanism:
          'The version ends in +cpu, torch.version.cuda is None (as in the plain wheels for arm64), the package is called tensorflow-cpu, or onnxruntime is there without -gpu.',
      },
      source: 'image-cpu-only-framework',
      probes: ['subjectInside', 'subjectRecord'],
      bears: 'advice',
      decide: f => {
        if (f.subjectInside?.asked === false) return { is: 'notAsked', found: NOT_ASKED };
        const cuda = f.subjectInside === null ? null : need(f.subjectInside.cuda);
        if (cuda === null) throw new CannotTell([{ unknown: 'unrecorded', probe: 'the packages of the image' }]);
        const p = cuda.packages;
        const isCpu = (name: string, version: string): boolean =>
          /\+cpu$/.test(version) ||
          (name === 'torch' && cuda.torchCuda === 'None') ||
          name === 'tensorflow-cpu' ||
          name === 'onnxruntime' ||
          name === 'jax';
        const all = Object.entries(p);
        // One framework with CUDA is enough: others may be there for small things on the CPU.
        const cpu = all.every(([n, v]) => isCpu(n, v))
          ? all.filter(([n]) => n !== 'jax').map(([n, v]) => `${n} ${v}`)
          : [];
        return cpu.length === 0
          ? {
              is: 'fits',
              found: Object.entries(p)
                .map(([n, v]) => `${n} ${v}`)
                .join(', '),
            }
          : {
              is: 'cpu',
              found: `${cpu.join(', ')}: a build without CUDA`,
              seen: cpu.map(shows => ({ from: 'python3, installed packages', shows })),
            };
      },
      on: { fits: works, notAsked: works, cpu: harm('image-cpu-only-framework', works), cannotTell: works },
    }),
  },
});
