/** What a Dockerfile does that takes the GPU away: driver files, wheels without CUDA, a base without libcudart, steps that want a GPU. */
import { cudaNamed, isMusl, olderCuda, withGlibc } from '../../../flows/requests/images.ts';
import { imageLacksCode, imageWithCode } from '../../../flows/requests/torch.ts';
import { cudaOf } from '../../../flows/rules/container.ts';
import { compare } from '../../../flows/rules/version.ts';
import type { Use } from './findings.ts';
import { chainOf, type Dockerfile, type Instruction } from './parse.ts';
import { NO_CODE, wheelRules } from './wheels.ts';

/** What a Dockerfile has to know of the machine on which its image is to run. */
export interface Machine {
  /** Docker gives out GPUs by their CDI names here. */
  readonly cdi: boolean;
  readonly driver: string | null;
  readonly arch: string | null;
  /** Compute capabilities of the cards; empty where they are not known. */
  readonly capabilities: readonly string[];
}
export const NO_MACHINE: Machine = { cdi: false, driver: null, arch: null, capabilities: [] };

export interface Rule {
  readonly id:
    | 'image-bundles-driver-libs'
    | 'image-cpu-only-framework'
    | 'image-libcudart-missing'
    | 'docker-build-no-gpu'
    | 'cuda-requirement-unsatisfied'
    | 'image-arch-not-compiled'
    | 'image-nvidia-smi-not-found'
    | 'image-platform-mismatch';
  /** Whether it is looked for at all. */
  readonly when: (use: Use, shown: string | null) => boolean;
  readonly word: 'RUN' | 'FROM';
  /** What stands there, in words; null where nothing is wrong. */
  readonly wrong: (text: string, flags: Readonly<Record<string, string>>, machine: Machine) => string | null;
  readonly message: string;
  readonly title: string;
  /** The instruction as it should be written; the same where no edit is certain. */
  readonly better: (written: string, machine: Machine) => string;
  /** The edit asks for a device, which Docker must give by its CDI name. */
  readonly byCdi?: boolean;
  /** An instruction of a stage on that base which holds it to what it is; then no edit is certain. */
  readonly isHeld?: (i: Instruction, file: Dockerfile) => boolean;
}

/** Packages of the driver's user space; those of cuda-compat and of the container toolkit are none. */
const DRIVER_PACKAGE =
  /(?<![\w./=-])(?:nvidia-(?:driver|utils|smi|settings|kernel|dkms)[\w.+*-]*|libnvidia-(?:compute|gl|decode|encode|cfg1?|ml1?|extra|fbc1)[\w.+*-]*|libcuda1[\w.+*-]*|cuda-drivers[\w.+*-]*|xserver-xorg-video-nvidia[\w.+*-]*)(?:=[\w.:+~*-]+)?(?![\w./-])/g;
const INSTALLS = /\b(?:apt-get|apt|aptitude|dnf|yum|microdnf|zypper|apk)\b[^&|;]*\b(?:install|add)\b/;

const CUDA_BASE = /((?:^|[/\s])nvidia\/cuda:[\w.]+(?:-cudnn\d*)?)-base(?=-|$|\s)/;

/** Whether a step fails without a GPU; one that goes on without (||, if) is left alone, and words in quotes are no command. */
const wantsGpu = (text: string): boolean =>
  /\bassert torch\.cuda\.is_available\(\)/.test(text) ||
  /(?:^|&&|;)\s*(?:\/usr\/bin\/)?nvidia-smi\b(?![^&;]*\|\|)/.test(text.replace(/"[^"]*"|'[^']*'/g, '""'));
/** Packages and users of Alpine, which another system does not have under these names. */
const OF_ALPINE = /\bapk\b|\baddgroup -[SG]|\badduser -[DSG]|\bmusl\b/;
/** Takes words out of an instruction; a line that held nothing else goes, with its continuation. */
const withoutWords = (written: string, word: RegExp): string => {
  const kept = written.split('\n').flatMap(line => {
    const rest = line.replace(word, '');
    if (rest === line) return [line];
    if (/^\s*\\?\s*$/.test(rest)) return [];
    return [
      rest
        .replace(/[ \t]+(?=\\?\r?$)/, m => (/\\\r?$/.test(rest) ? ' ' : m.trim()))
        .replace(/(\S)[ \t]{2,}(?=\S)/g, '$1 '),
    ];
  });
  // What is now the last line may not say that another follows.
  return kept.join('\n').replace(/[ \t]*\\(\r?)$/, '$1');
};

/** The image from which a COPY takes what was made there. */
const sourceOf = (i: Instruction, file: Dockerfile): string =>
  i.flags.from === undefined
    ? ''
    : (chainOf(
        file,
        file.stages.find(s => s.name === i.flags.from!.toLowerCase()) ?? file.stages[Number(i.flags.from)],
      ).at(-1)?.from ?? i.flags.from);

/** The FROM line with another image; the same where none is known, or a variable names it. */
const inFrom = (written: string, to: (ref: string) => string | null): string =>
  written.replace(/^(\s*FROM\s+(?:--\S+\s+)*)(\S+)/i, (all, head: string, ref: string) => {
    const other = to(ref);
    return other === null ? all : `${head}${other}`;
  });

/** Each with the one instruction that would be another. */
export const rules: readonly Rule[] = [
  {
    id: 'image-bundles-driver-libs',
    when: () => true,
    word: 'RUN',
    wrong: text => (INSTALLS.test(text) ? [...text.matchAll(DRIVER_PACKAGE)].map(m => m[0]).join(', ') || null : null),
    message:
      'the files of the driver come from the host at each start; a copy in the image is of another version, or in the way of the mount',
    title: 'Leave the driver to the host',
    better: written => {
      const after = withoutWords(written, DRIVER_PACKAGE);
      // An installation of nothing is no edit; what else the line does is for its owner to decide.
      const rest = /\b(?:install|add)\b([^&|;]*)/.exec(after.replaceAll(/\\\r?\n/g, ' '))?.[1] ?? '';
      return rest.split(/\s+/).some(w => w !== '' && !w.startsWith('-')) ? after : written;
    },
  },
  ...wheelRules,
  {
    id: 'image-libcudart-missing',
    // Whether a program needs the CUDA runtime only the program can say.
    when: (_, shown) => shown === 'image-libcudart-missing',
    word: 'FROM',
    wrong: text => (CUDA_BASE.test(text) ? `${text.trim().split(/\s+/)[0]} without the CUDA runtime` : null),
    message: 'the program wants libcudart; the runtime flavour of the same tag has it',
    title: 'Build on the runtime flavour of the same image',
    better: written => written.replace(CUDA_BASE, '$1-runtime'),
  },
  {
    id: 'docker-build-no-gpu',
    when: () => true,
    word: 'RUN',
    wrong: (text, flags) => (wantsGpu(text) && !('device' in flags) ? 'a step of the build wants a GPU' : null),
    message:
      'a build gets none, whatever the default runtime is. Leave the test to the start of the container, or ask in the step: BuildKit 0.20, Buildx 0.22 and CDI in Docker are needed',
    title: 'Ask for the GPU in this step of the build',
    better: written => written.replace(/^(\s*run)\b/i, '$1 --device=nvidia.com/gpu=all'),
    byCdi: true,
  },
  {
    id: 'cuda-requirement-unsatisfied',
    // With cards of data centres an older driver may do; that is judged where the image is known.
    when: (_, shown) => shown === 'cuda-requirement-unsatisfied',
    word: 'FROM',
    wrong: (text, _, { driver }) => {
      const [wants, serves] = [cudaNamed(text), cudaOf(driver)];
      return wants !== null && serves !== null && compare(wants, serves) > 0
        ? `${text} is of CUDA ${wants}, and driver ${driver} serves ${serves}`
        : null;
    },
    message: 'an image of an older release runs on this driver; a newer driver helps as well',
    title: 'Build on an image of the CUDA release that this driver serves',
    better: (written, { driver }) => inFrom(written, ref => olderCuda(ref, cudaOf(driver) ?? '99')),
  },
  {
    ...NO_CODE,
    word: 'FROM',
    wrong: (text, _, { capabilities }) => (capabilities.length > 0 ? imageLacksCode(text, capabilities) : null),
    title: 'Build on an image that holds code for this GPU',
    better: (written, { capabilities }) => inFrom(written, ref => imageWithCode(ref, capabilities)),
  },
  {
    id: 'image-nvidia-smi-not-found',
    when: (use, shown) => use.asks || shown === 'image-nvidia-smi-not-found',
    word: 'FROM',
    wrong: text => (isMusl(text) ? `${text} is built on musl` : null),
    message: 'neither nvidia-smi nor any CUDA library of the host runs in it; programs for CUDA need glibc',
    title: 'Build on the same image with glibc',
    better: written => inFrom(written, withGlibc),
    isHeld: (i, file) => OF_ALPINE.test(i.text) || isMusl(sourceOf(i, file)),
  },
  {
    id: 'image-platform-mismatch',
    when: (use, shown) => use.asks || shown === 'image-platform-mismatch',
    word: 'FROM',
    wrong: (_, { platform }, { arch }) => {
      const named = /^linux\/(\w+)/.exec(platform ?? '')?.[1];
      return arch !== null && named !== undefined && named !== arch ? `--platform=${platform} on ${arch}` : null;
    },
    message: 'the image is built for another processor; it runs by emulation at best, and never with CUDA',
    title: 'Build for the processor of this machine',
    better: (written, { arch }) => written.replace(/(--platform=)linux\/\w+(?:\/\w+)?/, `$1linux/${arch}`),
  },
];
