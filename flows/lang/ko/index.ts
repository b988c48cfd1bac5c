import type { Language } from '../en/index.ts';
import { lessonsA } from './lessons-a.ts';
import { lessonsB } from './lessons-b.ts';
import { pictures } from './pictures.ts';
import { roles } from './roles.ts';
import { screen } from './screen.ts';

/** 한국어. */
export const ko: Language = { ...lessonsA, ...lessonsB, ...pictures, ...roles, ...screen };
