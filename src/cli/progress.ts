/** Which chapters are done, beside the sessions in the state folder. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chapters } from '../../flows/lessons/chapters.ts';
import { stateDirs } from '../plan/store.ts';
import type { Context } from './context.ts';

const fileOf = (context: Pick<Context, 'env'>): string => join(stateDirs({ env: context.env })[0]!, 'learn.json');

/** Ids of chapters that still exist; nothing where the file is missing or is none of ours. */
export const doneOf = (context: Pick<Context, 'env'>): readonly string[] => {
  try {
    const { done } = JSON.parse(readFileSync(fileOf(context), 'utf8')) as { done?: unknown };
    return Array.isArray(done) ? chapters.map(c => c.id).filter(id => done.includes(id)) : [];
  } catch {
    return [];
  }
};

/** A state folder that cannot be written costs the progress, not the lesson. */
export const keepDone = (context: Pick<Context, 'env'>, done: readonly string[]): boolean => {
  const file = fileOf(context);
  try {
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${JSON.stringify({ done })}\n`, { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
};
