/** The words by which a line of a long log is found worth reading: one for each pattern, the least common of its words. */
import type { Catalogue } from './catalogue.ts';
import { type Literals, literals } from './literals.ts';

const LEAST = 5;
const OF_THE_STACK =
  /nvidia|cuda|nvml|cudnn|cublas|libn|ldconfig|ldcache|cdi|gpu|nvrm|xid|dkms|nouveau|vfio|tegra|nvmap|nvrm|cgroup|bpf|runtime|modprobe|containerd|daemon/;

const worth = (word: string): number =>
  Math.min(word.length, 16) + (OF_THE_STACK.test(word) ? 12 : 0) + (/[/_.:()[\]=-]/.test(word.slice(0, -1)) ? 4 : 0);

/** The word of a pattern that ordinary lines have least often, in lower case; null where all are short. */
export const wordOf = (text: string): string | null => {
  const words = text
    .toLowerCase()
    .split(/[\s"'`*\\…#]+|<[^<>]*\|[^<>]*>/)
    .filter(word => word.length >= LEAST);
  if (words.length === 0) return null;
  return words.reduce((best, word) => (worth(word) > worth(best) ? word : best));
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
  for (const p of catalogue.patterns) {
    const word = wordOf(p.text);
    if (word !== null) all.add(word);
  }
  // A word that contains another one adds nothing.
  const words = [...all].filter(word => ![...all].some(other => other !== word && word.includes(other)));
  made = { words, search: literals(words, LEAST, true) };
  return made;
};
