/** The language of the lessons, and their texts with values filled in. */
import type { Key, Language } from '../../flows/lang/en/index.ts';

export type LanguageId = 'en' | 'ko';
export const LANGUAGES: readonly LanguageId[] = ['en', 'ko'];

export interface Texts {
  readonly language: LanguageId;
  /** Throws for a key that is not written: that is a fault of ours and a test finds it. */
  readonly t: (key: Key, values?: Readonly<Record<string, string | number>>) => string;
  readonly has: (key: string) => key is Key;
  /** Title and one-line why of a failure mode. */
  readonly mode: (id: string) => { readonly title: string; readonly line: string };
}

/** --lang wins, then the locale, in the order in which programs read it. */
export const languageOf = (
  env: Readonly<Record<string, string | undefined>>,
  flag?: string | undefined,
): LanguageId => {
  if (flag === 'en' || flag === 'ko') return flag;
  const locale = [env.LC_ALL, env.LC_MESSAGES, env.LANG].find(value => value !== undefined && value !== '');
  return locale !== undefined && /^ko(?:[_.@-]|$)/i.test(locale) ? 'ko' : 'en';
};

export const textsOf = async (language: LanguageId): Promise<Texts> => {
  const words: Language =
    language === 'ko'
      ? (await import('../../flows/lang/ko/index.ts')).ko
      : (await import('../../flows/lang/en/index.ts')).en;
  const names = language === 'ko' ? (await import('../../flows/lang/ko/modes.ts')).modes : null;
  const { modes } = await import('../../flows/modes/index.ts');
  return {
    language,
    t: (key, values = {}) => {
      const text = words[key];
      if (text === undefined) throw new Error(`no text for "${key}" in ${language}`);
      return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
    },
    has: (key): key is Key => Object.hasOwn(words, key),
    mode: id => {
      const named = names?.[id];
      const [title, line] = named ?? [modes[id]?.title ?? id, modes[id]?.why.line ?? ''];
      return { title, line };
    },
  };
};
