/** Takes secrets out of a recording before anybody else sees it. What counts as one is the caller's function. */
import type { Snapshot } from './snapshot.ts';

/**
 * Passes every text of the snapshot through `redact`: outputs, arguments, file contents, names in listings, link
 * targets, and paths. A program's bare name stays, because a user may be called the same. `words` sees an argument
 * vector whole: only there can it be told that the word after `-p` is a password.
 */
export const redactSnapshot = (
  snapshot: Snapshot,
  redact: (text: string) => string,
  words: (argv: readonly string[]) => readonly string[] = argv => argv.map(redact),
): Snapshot => {
  const keyed = <T>(map: Readonly<Record<string, T>>, each: (value: T) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(map).map(([path, value]) => [redact(path), each(value)]));
  const { format, description, commands, files, dirs, stats, errors } = snapshot;
  return {
    format,
    ...(description !== undefined && { description: redact(description) }),
    commands: commands.map(c => ({
      ...c,
      argv: [c.argv[0].includes('/') ? redact(c.argv[0]) : c.argv[0], ...words(c.argv).slice(1)],
      stdout: redact(c.stdout ?? ''),
      stderr: redact(c.stderr ?? ''),
    })),
    files: keyed(files, text => (text === null ? null : redact(text))),
    dirs: keyed(dirs, names => (names === null ? null : names.map(redact))),
    stats: keyed(stats, s => (s.target === undefined ? s : { ...s, target: redact(s.target) })),
    errors: { ...keyed(errors, e => e) },
  };
};
