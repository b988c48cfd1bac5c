/** Runs the built program for a test. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../tools/bundle.ts';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const program = await ensureBuilt();

/** A state directory of its own, removed when the test process ends. */
export const state = mkdtempSync(join(tmpdir(), 'gpumedic-test-'));
process.on('exit', () => rmSync(state, { recursive: true, force: true }));

export const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: state,
  XDG_STATE_HOME: state,
  LANG: 'C.UTF-8',
  ...more,
});

/** The built program with these words; no terminal, no input. */
export const run = (
  words: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly node?: readonly string[];
  } = {},
): Result => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...(options.node ?? []), program, ...words], {
    env: environment(options.env),
    input: options.input ?? '',
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { code: status, stdout, stderr };
};
