/** By which words a line of a long log is found worth reading: one for each pattern, or two where one alone is common. */
import { type Catalogue, tells } from './catalogue.ts';
import { type Literals, literals } from './literals.ts';

const LEAST = 8;
const OF_THE_STACK =
  /nvidia|cuda|nvml|cudnn|cublas|libn|ldconfig|ldcache|\bcdi|gpu|nvrm|\bxid|dkms|nouveau|vfio|tegra|nvmap|cgroup|\bbpf|modprobe|insmod|containerd|ggml|torch|mig-/;
const ODD = /[/_.:=()[\]]\w|\w[/_.=()[\]]|[a-z]-[a-z]+-|\d{3}/;

/** The rarest word, or pair of neighbours, of a pattern in lower case; null where it has only a common word. */
export const wordOf = (text: string): string | null => {
  let best: string | null = null;
  let worth = 0;
  const consider = (word: string, extra: number): void => {
    const now = Math.min(word.length, 14) + extra;
    if (word.length >= LEAST && now > worth) {
      best = word;
      worth = now;
    }
  };
  for (const run of text.split(/["'`*\\…#]+|<[^<>]*\|[^<>]*>/)) {
    const words = run.split(/\s+/).filter(word => word !== '');
    words.forEach((word, i) => {
      const low = word.toLowerCase();
      const isRare = OF_THE_STACK.test(low) || ODD.test(low) || /[a-z][A-Z]|^.{13,}$/.test(word);
      if (isRare) consider(low, 20);
      if (i > 0 && word.length > 2) consider(`${words[i - 1]!.toLowerCase()} ${low}`, 10);
    });
  }
  return best;
};

export interface Words {
  readonly words: readonly string[];
  readonly search: Literals;
}

let made: Words | undefined;

/** Made at the first call. */
export const wordsOf = (catalogue: Catalogue): Words => {
  if (made !== undefined) return made;
  const all = new Set<string>();
  catalogue.texts.forEach((text, index) => {
    const word = tells(catalogue, index) ? wordOf(text) : null;
    if (word !== null) all.add(word);
  });
  // A word that contains another one adds nothing.
  const words = [...all].filter(word => ![...all].some(other => other !== word && word.includes(other)));
  made = { words, search: literals(words, LEAST, true) };
  return made;
};
