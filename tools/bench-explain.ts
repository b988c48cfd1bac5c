/**
 * How fast `explain` reads a long log, beside `grep` with the same signatures, and how much memory it takes. The log is
 * made up: lines of services, one in twenty with words of this stack, some as escaped JSON, all behind Compose prefixes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../src/explain/catalogue.ts';
import { texts } from '../test/fixtures/texts/index.ts';

const SERVICES = ['web-1', 'api-1', 'worker-12', 'ollama-1', 'postgres-1'];
const WORDS =
  'GET POST user session cache request served order payment worker started finished index query rows retry queue message email upload image thumbnail token refresh health metrics latency status connection pool timeout background job scheduled item page static asset reload version build commit deploy network volume running warning file directory process service'.split(
    ' ',
  );
const STACK_SHARE = 0.05;

const numbers = (seed: number): (() => number) => {
  let now = seed;
  return () => {
    now = (Math.imul(now, 1664525) + 1013904223) >>> 0;
    return now / 2 ** 32;
  };
};

/** Writes a log of about `megabytes`; returns its bytes. */
export const writeLog = async (path: string, megabytes: number): Promise<number> => {
  const next = numbers(7);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)]!;
  const stack = texts.flatMap(([, text]) => text.split('\n')).filter(line => line.length > 15);
  const out = createWriteStream(path);
  let bytes = 0;
  for (let n = 0; bytes < megabytes * 1e6; ) {
    const lines: string[] = [];
    for (let i = 0; i < 2000; i++, n++) {
      const plain = (): string => Array.from({ length: 6 + Math.floor(next() * 18) }, () => pick(WORDS)).join(' ');
      const said = next() < STACK_SHARE ? `${pick(stack)} #${n}` : `${plain()} id=${Math.floor(next() * 1e9)}`;
      const body = next() < 0.4 ? JSON.stringify({ level: 'info', n, msg: said }) : `2026-01-05T10:00:00.${n}Z ${said}`;
      lines.push(`${pick(SERVICES).padEnd(12)} | ${body}\n`);
    }
    const text = lines.join('');
    bytes += Buffer.byteLength(text);
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return bytes;
};

/** The signatures as extended regular expressions, one a line. */
const forGrep = (): string =>
  catalogue()
    .texts.map(text =>
      text
        .split(/(…|#|<[^<>]+\|[^<>]*>)/)
        .map(part => {
          if (part === '…') return '.*';
          if (part === '#') return '[0-9]+';
          const literal = (one: string): string => one.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
          if (/^<.*\|.*>$/.test(part)) return `(${part.slice(1, -1).split('|').map(literal).join('|')})`;
          return literal(part);
        })
        .join(''),
    )
    .join('\n');

/** Its output is read: grep ends at the first hit when nobody does. */
const secondsOf = (command: string, words: readonly string[], env: Record<string, string>): number => {
  const began = performance.now();
  const { error } = spawnSync(command, [...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (error) throw error;
  return (performance.now() - began) / 1000;
};

/** Seconds, and the most memory in MiB, of a program that ends by itself. */
const watched = async (
  words: readonly string[],
  env: Record<string, string>,
): Promise<{ seconds: number; mib: number }> => {
  const { readFileSync } = await import('node:fs');
  const began = performance.now();
  const child = spawn(process.execPath, [...words], { env, stdio: 'ignore' });
  let mib = 0;
  const look = setInterval(() => {
    try {
      const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      mib = Math.max(mib, Number(found?.[1] ?? 0) / 1024);
    } catch {
      // The process has ended between two looks.
    }
  }, 20);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(look);
  // A program that breaks is fast.
  if (code !== 1) throw new Error(`${words.join(' ')}: ended with ${code} instead of naming a cause`);
  return { seconds: (performance.now() - began) / 1000, mib };
};

export interface ExplainBench {
  readonly megabytes: number;
  readonly perSecond: number;
  /** Times the time of grep. */
  readonly grepRatio: number;
  readonly mib: number;
}

/** Measures `program` in the folder `work`. */
export const explainBench = async (
  program: string,
  work: string,
  env: Record<string, string>,
  megabytes = 200,
): Promise<ExplainBench> => {
  const log = join(work, 'compose.log');
  const bytes = await writeLog(log, megabytes);
  const signatures = join(work, 'signatures');
  writeFileSync(signatures, `${forGrep()}\n`);
  await watched([program, 'explain', '--json', signatures], env);
  const { seconds, mib } = await watched([program, 'explain', '--json', log], env);
  const grep = secondsOf('grep', ['-ciEf', signatures, log], { ...env, LC_ALL: 'C' });
  return { megabytes: bytes / 1e6, perSecond: bytes / 1e6 / seconds, grepRatio: seconds / grep, mib };
};
