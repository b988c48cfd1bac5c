/** Which wheels a list of Python packages brings, in a step of a build or in a file of requirements. */
import { lacksCode, listLacksCode, listWithCode, withCode } from '../../../flows/requests/torch.ts';
import type { Machine, Rule } from './rules.ts';

const CPU_INDEX = /\s+(?:--(?:extra-)?index-url|-i)(?:\s+|=)(["']?)https?:\/\/download\.pytorch\.org\/whl\/cpu\/?\1/g;
const CPU_WHEEL = /(==[\w.]+)\+cpu\b/g;
const CPU_NAMES: readonly (readonly [from: RegExp, to: string])[] = [
  [/(?<![\w-])tensorflow-cpu(?![\w-])/g, 'tensorflow[and-cuda]'],
  [/(?<![\w-])jax\[cpu\]/g, 'jax[cuda12]'],
];
const isCpu = (text: string): boolean =>
  [CPU_INDEX, CPU_WHEEL, ...CPU_NAMES.map(([from]) => from)].some(r => new RegExp(r.source).test(text));
const withCuda = (text: string): string =>
  CPU_NAMES.reduce((t, [from, to]) => t.replace(from, to), text.replace(CPU_INDEX, '').replace(CPU_WHEEL, '$1'));

/** One fault of a list, wherever it is written. */
export interface ListRule extends Pick<Rule, 'id' | 'when' | 'message' | 'title'> {
  readonly wrongList: (text: string, machine: Machine) => string | null;
  readonly betterList: (text: string, machine: Machine) => string;
}
const CPU_ONLY = 'wheels built without CUDA';

/** What a framework without code for this card comes to, whatever brings it. */
export const NO_CODE = {
  id: 'image-arch-not-compiled',
  when: (use, shown) => use.asks || shown === 'image-arch-not-compiled',
  message: 'the GPU is found, and the first computation fails: no kernel image is available',
} satisfies Pick<Rule, 'id' | 'when' | 'message'>;

/** As steps of a build, and as lines of a file. */
export const wheelRules: readonly (Rule & ListRule)[] = [
  {
    id: 'image-cpu-only-framework',
    when: (use, shown) => use.asks || shown === 'image-cpu-only-framework',
    word: 'RUN',
    wrong: text => (/\b(?:pip3?|uv|poetry|pipx)\b/.test(text) && isCpu(text) ? CPU_ONLY : null),
    message: 'the framework finds no GPU whatever the container is given; the ordinary wheels hold CUDA',
    title: 'Install the wheels that hold CUDA',
    better: withCuda,
    wrongList: text => (isCpu(text) ? CPU_ONLY : null),
    betterList: withCuda,
  },
  {
    ...NO_CODE,
    word: 'RUN',
    wrong: (text, _, { capabilities }) => (capabilities.length > 0 ? lacksCode(text, capabilities) : null),
    title: 'Install wheels that hold code for this GPU',
    better: (written, { capabilities }) => withCode(written, capabilities),
    wrongList: (text, { capabilities }) => (capabilities.length > 0 ? listLacksCode(text, capabilities) : null),
    betterList: (text, { capabilities }) =>
      listWithCode(text, capabilities, (words, option) => words.replace(/^\s*/, start => `${start}${option}\n`)),
  },
];
