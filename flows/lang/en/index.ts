import { lessonsA } from './lessons-a.ts';
import { lessonsB } from './lessons-b.ts';
import { pictures } from './pictures.ts';
import { roles } from './roles.ts';
import { screen } from './screen.ts';

/** English, the language every key is first written in. */
export const en = { ...lessonsA, ...lessonsB, ...pictures, ...roles, ...screen } as const;
export type Key = keyof typeof en;
/** A language says the same keys; the compiler names one that is missing. */
export type Language = Readonly<Record<Key, string>>;
