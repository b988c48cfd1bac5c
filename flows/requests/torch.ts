/**
 * For which generations of GPUs the builds of PyTorch hold machine code, from the support matrix of its RELEASE.md:
 * builds for CUDA 12.6 and before reach from Maxwell to Hopper, those from 12.8 on begin later and reach Blackwell.
 */
import { atLeast, compare, numbers } from '../rules/version.ts';

/** Compute capability: 8.6 is "8.6". */
interface Span {
  readonly from: string;
  readonly to: string;
}
/** @param cuda "12.8" @param torch null where no version is written */
export const builtFor = (cuda: string, torch: string | null): Span => {
  if (!atLeast(cuda, '12.8')) return { from: '5.0', to: '9.0' };
  const isVolta = cuda.startsWith('12.') && torch !== null && atLeast(torch, '2.8') && !atLeast(torch, '2.11');
  return { from: isVolta ? '7.0' : '7.5', to: '12.0' };
};
/** Code for a generation runs on its later cards, not on a later generation. */
export const runsOn = (capability: string, { from, to }: Span): boolean =>
  atLeast(capability, from) && numbers(capability)[0]! <= numbers(to)[0]!;

/** The CUDA release of the wheels that the package index gives out by default; null where no version is written. */
const defaultCuda = (torch: string | null): string | null =>
  torch === null
    ? null
    : ([
        ['2.11', null],
        ['2.8', '12.8'],
        ['2.7', '12.6'],
        ['2.5', '12.4'],
        ['2.1', '12.1'],
        ['0', '11.7'],
      ].find(([since]) => atLeast(torch, since!))?.[1] ?? null);

/** Builds in which each generation is found, and the releases of PyTorch that have them. */
const CHOICES = [
  { cuda: '12.8', first: '2.7', end: '2.12' },
  { cuda: '12.6', first: '2.6', end: '2.15' },
] as const;
/** The companions of the release that is taken where the pinned one is too old. */
const RAISED: Readonly<Record<string, string>> = { torch: '2.7.1', torchvision: '0.22.1', torchaudio: '2.7.1' };

const indexOf = (cuda: string): string => `cu${cuda.replace('.', '')}`;
const cudaOfIndex = (index: string): string => index.replace(/^cu(\d+)(\d)$/, '$1.$2');

const NAME = /(?<![\w.-])(torch|torchvision|torchaudio)(?:\s*==\s*(\d+(?:\.\d+)+)(?:\+(cu\d+))?)?(?![\w.[-])/g;
const INDEX = /(https?:\/\/download\.pytorch\.org\/whl\/)(cu\d{3})(?![\w])/;

interface Installs {
  readonly torch: string | null;
  readonly cuda: string;
  readonly hasIndex: boolean;
}
const installs = (segment: string): Installs | null => {
  const named = [...segment.matchAll(NAME)];
  const own = named.find(m => m[1] === 'torch');
  if (own === undefined || /download\.pytorch\.org\/whl\/(?:nightly|rocm|cpu|xpu)/.test(segment)) return null;
  const torch = own[2] ?? null;
  const index = INDEX.exec(segment)?.[2] ?? own[3];
  const cuda = index === undefined ? defaultCuda(torch) : cudaOfIndex(index);
  return cuda === null ? null : { torch, cuda, hasIndex: INDEX.test(segment) };
};

const PIP = /\b(?:pip3?|uv pip)\s+install\b[^&|;]*/g;

/** What one list of packages has no code for among these GPUs, in words; null where nothing of that is seen. */
export const listLacksCode = (segment: string, capabilities: readonly string[]): string | null => {
  const it = installs(segment);
  if (it === null) return null;
  const span = builtFor(it.cuda, it.torch);
  const lacking = capabilities.find(c => !runsOn(c, span));
  return lacking === undefined
    ? null
    : `torch${it.torch === null ? '' : ` ${it.torch}`} for CUDA ${it.cuda} holds code for ${span.from} to ${span.to}, and the GPU here is of ${lacking}`;
};
/** The same for what an instruction installs by pip. */
export const lacksCode = (text: string, capabilities: readonly string[]): string | null =>
  (text.match(PIP) ?? []).map(segment => listLacksCode(segment, capabilities)).find(said => said !== null) ?? null;

type Add = (words: string, option: string) => string;
/** The list with wheels that hold code for all of these GPUs; the same where no release is known that does. */
export const listWithCode = (segment: string, capabilities: readonly string[], add: Add): string => {
  const it = installs(segment);
  if (it === null || capabilities.every(c => runsOn(c, builtFor(it.cuda, it.torch)))) return segment;
  const choice = CHOICES.find(c => {
    const torch = it.torch !== null && atLeast(it.torch, c.first) ? it.torch : RAISED.torch!;
    return compare(torch, c.end) < 0 && capabilities.every(g => runsOn(g, builtFor(c.cuda, torch)));
  });
  if (choice === undefined) return segment;
  const isOld = it.torch !== null && !atLeast(it.torch, choice.first);
  const tail = /[\s\\]*$/.exec(segment)![0];
  const words = segment
    .slice(0, segment.length - tail.length)
    .replace(NAME, (all, name: string, pin: string | undefined) =>
      pin === undefined
        ? all
        : all
            .replace(/\+cu\d+/, it.hasIndex ? '' : `+${indexOf(choice.cuda)}`)
            .replace(pin, isOld ? RAISED[name]! : pin),
    )
    .replace(INDEX, `$1${indexOf(choice.cuda)}`);
  if (it.hasIndex) return words + tail;
  // The index of PyTorch holds nothing but its own packages, so beside others it is one more.
  return add(words, `--extra-index-url https://download.pytorch.org/whl/${indexOf(choice.cuda)}`) + tail;
};

/** The same for an instruction. */
export const withCode = (written: string, capabilities: readonly string[]): string =>
  written.replace(PIP, segment => listWithCode(segment, capabilities, (words, option) => `${words} ${option}`));

const IMAGE = /^((?:docker\.io\/)?pytorch\/pytorch):(\d+\.\d+\.\d+)-cuda(\d+\.\d+)-cudnn\d+-(runtime|devel)$/;

/** The same for the images of PyTorch. */
export const imageLacksCode = (ref: string, capabilities: readonly string[]): string | null => {
  const [, , torch = '', cuda] = IMAGE.exec(ref) ?? [];
  if (cuda === undefined) return null;
  const span = builtFor(cuda, torch);
  const lacking = capabilities.find(c => !runsOn(c, span));
  return lacking === undefined
    ? null
    : `${ref} holds code for ${span.from} to ${span.to}, and the GPU here is of ${lacking}`;
};
/** The image of PyTorch that holds code for all of these GPUs; null where none is known. */
export const imageWithCode = (ref: string, capabilities: readonly string[]): string | null => {
  const [, repository, , cuda, flavour] = IMAGE.exec(ref) ?? [];
  if (cuda === undefined) return null;
  const choice = CHOICES.find(c => capabilities.every(g => runsOn(g, builtFor(c.cuda, RAISED.torch!))));
  return choice === undefined ? null : `${repository}:${RAISED.torch}-cuda${choice.cuda}-cudnn9-${flavour}`;
};
