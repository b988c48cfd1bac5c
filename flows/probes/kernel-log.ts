/** What the kernel said about the card since this boot: from the journal, from dmesg where the journal is closed. */
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { probe, run } from '../../src/engine/probe.ts';
import { output } from './answers.ts';

export interface KernelLine {
  /** Seconds since the boot. */
  readonly at: number;
  readonly text: string;
}
export interface KernelLogFacts {
  /** Lines that concern the GPU, oldest first. */
  readonly lines: Maybe<readonly KernelLine[]>;
  readonly from: string;
}

/** One pattern for both sources, so that a long log stays short; lower case makes journalctl ignore the case. */
const ABOUT = "nvrm|nvidia|nouveau|vfio|can't assign|no space for|lockdown|loading of|pm: suspend";
/** The newest lines of this boot that concern the card. */
export const KERNEL_JOURNAL: readonly [string, ...string[]] = [
  ...(['journalctl', '-k', '-b', '--no-pager', '-o', 'short-monotonic'] as const),
  ...['-n', '400', '-g', ABOUT],
];
const JOURNAL = 'journalctl -k -b';
const CLOSED = /not seeing messages from other users|insufficient permissions|No journal files were (found|opened)/;

const linesOf = (text: string): readonly KernelLine[] => {
  const wanted = new RegExp(ABOUT, 'i');
  const lines = text.split('\n').flatMap(line => {
    const m = /^\[\s*(\d+\.\d+)\]\s+(?:\S+ kernel: |\[\s*[TC]\d+\]\s+)?(.*)$/.exec(line);
    return m && wanted.test(m[2]!) ? [{ at: Number(m[1]), text: m[2]!.trim() }] : [];
  });
  // With a pattern and a limit journalctl prints the newest first.
  const isReversed = lines.length > 1 && lines[0]!.at > lines.at(-1)!.at;
  return isReversed ? lines.toReversed() : lines;
};

export const kernelJournal = probe({
  id: 'kernelJournal',
  looks: 'what the kernel said about the card',
  needs: () => ({
    log: { ask: 'run' as const, command: { argv: KERNEL_JOURNAL, timeoutMs: 5_000 } },
  }),
  read: (a): Maybe<readonly KernelLine[]> => {
    if (a.log.kind !== 'exited') return unknown(a.log.kind, JOURNAL);
    if (CLOSED.test(a.log.stderr)) return unknown('denied', JOURNAL);
    const lines = linesOf(a.log.stdout);
    // Nothing found is status 1 on newer systems; anything else on stderr is a journal that could not be searched.
    const isEmpty = /^-- No entries --/m.test(a.log.stdout) || (a.log.code === 0 && a.log.stderr.trim() === '');
    return lines.length > 0 || isEmpty ? lines : unknown('unreadable', JOURNAL);
  },
});

type Known = { readonly kernelJournal: ReturnType<typeof kernelJournal.read> };

export const kernelLog = probe({
  id: 'kernelLog',
  looks: 'what the kernel said about the card',
  after: ['kernelJournal'],
  needs: ({ kernelJournal }: Known): Record<string, ReturnType<typeof run>> =>
    isUnknown(kernelJournal) ? { dmesg: run('dmesg') } : {},
  read: (a, { kernelJournal }: Known): KernelLogFacts => {
    if (!isUnknown(kernelJournal)) return { lines: kernelJournal, from: JOURNAL };
    const ring = a.dmesg ? output(a.dmesg, 'dmesg') : kernelJournal;
    if (!isUnknown(ring)) return { lines: linesOf(ring), from: 'dmesg' };
    const isClosed = a.dmesg?.kind === 'exited' && /not permitted|permission denied/i.test(a.dmesg.stderr);
    return { lines: isClosed ? unknown('denied', 'dmesg') : kernelJournal, from: JOURNAL };
  },
});
