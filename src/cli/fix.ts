import type { Context } from './context.ts';
import { UsageError } from './errors.ts';

export const run = async (_context: Context): Promise<number> => {
  throw new UsageError('fix: not part of this build yet');
};
