import type { Context } from './context.ts';

export const run = async (_context: Context): Promise<number> => 0;
