/** The wizard's screens in another language: they are written in English and changed when they are drawn. */
import type { LanguageId } from './lang.ts';

/** A whole text of a screen in the person's language; what is not known there stays English. */
export type Say = (text: string) => string;

/** Undefined for English, so that nothing is loaded for it. */
export const sayingIn = async (language: LanguageId): Promise<Say | undefined> => {
  if (language === 'en') return undefined;
  const [{ wizard, patterns }, { fixes }, { modes: named }, { modes }] = await Promise.all([
    import('../../flows/lang/ko/wizard.ts'),
    import('../../flows/lang/ko/fixes.ts'),
    import('../../flows/lang/ko/modes.ts'),
    import('../../flows/modes/index.ts'),
  ]);
  const words = new Map([...Object.entries(wizard), ...Object.entries(fixes)]);
  for (const [id, [title, line]] of Object.entries(named)) {
    const mode = modes[id];
    if (mode !== undefined) words.set(mode.title, title).set(mode.why.line, line);
  }
  const say = (text: string, depth = 0): string => {
    const known = words.get(text);
    if (known !== undefined || depth > 6) return known ?? text;
    for (const [english, korean] of patterns) {
      const found = english.exec(text);
      if (found === null) continue;
      return korean
        .replace(/\{(\d)\}/g, (_, n: string) => say(found[Number(n)] ?? '', depth + 1))
        .replace(/\$(\d)/g, (_, n: string) => found[Number(n)] ?? '');
    }
    return text;
  };
  return text => say(text);
};
