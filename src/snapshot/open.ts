/** A box from a snapshot file. */
import type { Box } from '../box/box.ts';
import { recordedBox } from '../box/recorded.ts';
import { readSnapshot } from './read.ts';

/** Opens a snapshot file, plain or gzipped. Throws InputError with one line for a person. */
export const openRecording = async (path: string): Promise<Box> =>
  recordedBox(await readSnapshot(path), path.slice(path.lastIndexOf('/') + 1));
