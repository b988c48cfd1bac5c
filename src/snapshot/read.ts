/** Reads a snapshot file, plain or gzipped. Everything that can be wrong with it is one InputError of one line. */
import { isUtf8 } from 'node:buffer';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { InputError, shownPath } from '../box/errors.ts';
import { parseSnapshot, type Snapshot } from './snapshot.ts';

/** Of the file, and of the text in it. A real snapshot has a few hundred kilobytes. */
const MAX_FILE = 32 * 1024 * 1024;
const MAX_TEXT = 128 * 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ENXIO: 'is not a file',
  ERR_INVALID_ARG_VALUE: 'not a valid path',
};

const mega = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;

/** The bytes of a regular file or of a pipe that somebody writes to. */
const bytesOf = async (path: string): Promise<Buffer> => {
  const shown = shownPath(path);
  try {
    // Its type first: a device might do something when it is opened, a pipe waits for its writer.
    // Not through fs/promises, which alone would cost a third of node's own start.
    const found = statSync(path);
    if (found.isDirectory()) throw new InputError(`${shown}: is a directory, not a snapshot`);
    if (!found.isFile() && !found.isFIFO()) throw new InputError(`${shown}: is not a file`);
    if (found.size > MAX_FILE)
      throw new InputError(`${shown}: too big for a snapshot (${mega(found.size)}, at most ${mega(MAX_FILE)})`);
    if (found.isFile()) return readFileSync(path);
    // A pipe, e.g. from a shell's <(...).
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of createReadStream(path)) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > MAX_FILE) throw new InputError(`${shown}: too big for a snapshot (more than ${mega(MAX_FILE)})`);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new InputError(`${shown}: ${REASONS[code] ?? `cannot be read (${code || String(error)})`}`);
  }
};

const unzipped = async (bytes: Buffer, shown: string): Promise<Buffer> => {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const { gunzipSync } = await import('node:zlib');
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_TEXT });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new InputError(`${shown}: too big for a snapshot (unpacks to more than ${mega(MAX_TEXT)})`);
    throw new InputError(`${shown}: the gzip data is damaged (${(error as Error).message})`);
  }
};

const whereItBreaks = async (text: string, error: unknown): Promise<{ offset: number; what: string }> => {
  const { parseTree, printParseErrorCode } = await import('jsonc-parser');
  const errors: { error: number; offset: number; length: number }[] = [];
  parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const first = errors[0];
  if (first === undefined) return { offset: 0, what: (error as Error).message.split('\n')[0] ?? '' };
  if (first.offset >= text.trimEnd().length) return { offset: text.length, what: 'the text ends in the middle' };
  const words = printParseErrorCode(first.error).replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);
  return { offset: first.offset, what: words.charAt(0).toLowerCase() + words.slice(1) };
};

/** Reads and checks a snapshot. Throws InputError. */
export const readSnapshot = async (path: string): Promise<Snapshot> => {
  const shown = shownPath(path);
  const bytes = await unzipped(await bytesOf(path), shown);
  if (bytes.length === 0) throw new InputError(`${shown}: is empty`);
  if (!isUtf8(bytes) || bytes.includes(0)) throw new InputError(`${shown}: is not text but binary data`);
  const text = bytes.toString('utf8', bytes.indexOf('\ufeff') === 0 ? 3 : 0);
  if (text.trim() === '') throw new InputError(`${shown}: is empty`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const { offset, what } = await whereItBreaks(text, error);
    const before = text.slice(0, offset).split('\n');
    throw new InputError(`${shown}:${before.length}:${(before.at(-1) ?? '').length + 1}: not valid JSON: ${what}`);
  }
  return parseSnapshot(value, path);
};
