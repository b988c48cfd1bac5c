/** `gpumedic explain`: the cause from an error text, from FILE or standard input. */
import { closeSync, createReadStream, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Explanation } from '../explain/index.ts';
import { explainer } from '../explain/stream.ts';
import { type Context, formatOf, has, jsonText } from './context.ts';
import { UsageError } from './errors.ts';

/** An answer this likely is told while the text still comes. */
const CERTAIN = 0.9;
/** Characters in which a pasted recipe is looked through for lines that destroy something. */
const RECIPE = 64 * 1024;
/** A text that ends within this time gets one answer only. */
const PATIENCE_MS = 400;

/** A file up to this size is read at once: Node's streams take longer to load than such a file to read. */
const SMALL = 1024 * 1024;

/** The whole of a small ordinary file, or null. */
const small = (fd: number): Buffer | null => {
  const stat = fstatSync(fd);
  return stat.isFile() && stat.size <= SMALL ? readFileSync(fd) : null;
};

const AGAIN_MS = 500;

/** What FILE holds, and then what is added to it; a file that became shorter is read from its start again. */
async function* growing(file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { open } = await import('node:fs/promises');
  const handle = await open(file, 'r');
  try {
    for (let at = 0; !signal.aborted; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, at);
      at += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else {
        if ((await handle.stat()).size < at) at = 0;
        await new Promise(resolve => setTimeout(resolve, AGAIN_MS));
      }
    }
  } finally {
    await handle.close();
  }
}

/** Text of FILE or standard input, piece by piece. */
const piecesOf = (context: Context): AsyncIterable<Uint8Array> | Iterable<Uint8Array> => {
  const file = context.words.rest[0];
  if (file !== undefined && file !== '-') {
    if (has(context, 'follow')) return growing(file, context.signal);
    const fd = openSync(file, 'r');
    const whole = small(fd);
    if (whole === null) return createReadStream(file, { fd, highWaterMark: 64 * 1024 });
    closeSync(fd);
    return [whole];
  }
  const whole = small(0);
  if (whole !== null) return [whole];
  if (process.stdin.isTTY === true)
    throw new UsageError(
      'explain reads an error text from FILE or a pipe',
      'docker compose up 2>&1 | gpumedic explain',
    );
  return process.stdin;
};

/** Loads the guard only for texts that may hold such a line. */
const LOOKS_DANGEROUS =
  /prune|volumes|down\b|\brm\b|snap remove|\btee\b|daemon\.json|config\.toml|purge|remove|chmod|setenforce|SELINUX|apparmor|aa-teardown|mokutil|secure boot|pkill|killall|\bkill\b|gpu-reset|nvidia-smi -r/i;

/** Lines that destroy something; a recipe may hold a token as well. */
const dangersOf = async (text: string): Promise<ReturnType<typeof import('../guard/guard.ts').guard>> => {
  const { guard } = await import('../guard/guard.ts');
  const { redactor } = await import('../transcript/redact.ts');
  const { printable } = await import('../text/sanitize.ts');
  const redact = redactor();
  return guard(text).map(warning => ({ ...warning, text: printable(redact.text(warning.text)) }));
};

/** 1 a cause is named, 0 not ours, 2 cannot tell. */
const codeOf = (told: Explanation): number => (told.causes.length > 0 ? 1 : told.notMine ? 0 : 2);

export const run = async (context: Context): Promise<number> => {
  const format = formatOf(context, 'text');
  const reading = explainer();
  const file = context.words.rest[0];
  const isFollowing = has(context, 'follow');
  const spoken = new Set<string>();
  /** The beginning, for the guard: recipes are short, logs are not. */
  let pasted = '';
  let early: NodeJS.Timeout | undefined;
  const speak = async (): Promise<void> => {
    const told = reading.soFar();
    const best = told.causes[0];
    if (best === undefined || best.confidence < (isFollowing ? 0.5 : CERTAIN) || spoken.has(best.id)) return;
    if (!isFollowing && spoken.size > 0) return;
    spoken.add(best.id);
    if (format === 'json') {
      if (isFollowing) context.out(`${JSON.stringify({ ...told, causes: [best] })}\n`);
      return;
    }
    const { earlyText } = await import('../explain/text.ts');
    context.out(earlyText(best, context.terminal));
  };
  try {
    for await (const piece of piecesOf(context)) {
      if (context.signal.aborted) break;
      reading.push(piece);
      if (pasted.length < RECIPE) pasted += Buffer.from(piece).toString('utf8');
      if (isFollowing) await speak();
      else early ??= setTimeout(() => void speak(), PATIENCE_MS);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (file === undefined || code === undefined) throw error;
    throw new UsageError(`${file}: ${code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a folder' : code}`);
  } finally {
    clearTimeout(early);
  }
  let told = reading.end();
  if (has(context, 'here')) {
    const { sharpen } = await import('../explain/here.ts');
    const { checkBox } = await import('../engine/report.ts');
    const { readOnly } = await import('../box/wrap.ts');
    const { openBox } = await import('./box.ts');
    const box = readOnly(await openBox(context));
    const { treeEntry } = await import('../explain/entry.ts');
    const { flows } = await import('../../flows/index.ts');
    const report = await checkBox(box, { loadModules: false, now: context.now, signal: context.signal });
    told = sharpen(told, report, id => treeEntry(flows, id) !== null);
  }
  const warnings = LOOKS_DANGEROUS.test(pasted) ? await dangersOf(pasted.slice(0, RECIPE)) : [];
  if (format === 'json') {
    const whole = warnings.length > 0 ? { ...told, dangers: warnings } : told;
    context.out(isFollowing ? `${JSON.stringify(whole)}\n` : jsonText(whole));
  } else {
    if (warnings.length > 0) context.out((await import('../guard/text.ts')).guardText(warnings, context.terminal));
    const { explanationText } = await import('../explain/text.ts');
    context.out(explanationText(told, { ...context.terminal, here: has(context, 'here') }));
  }
  return codeOf(told);
};
