/** `gpumedic` without a command: the wizard on a screen or as lines, and what it leaves in the scrollback. */
import { createInterface } from 'node:readline';
import type { Box } from '../box/box.ts';
import type { Store } from '../plan/journal.ts';
import { memoryStore } from '../plan/memory.ts';
import { drawLine } from '../ui/rows.ts';
import { themeOf } from '../ui/theme.ts';
import { painted, runPlain } from './plain.ts';
import type { Real } from './real.ts';
import { soon } from './soon.ts';
import { type Demo, type End, firstState, type Wizard } from './state.ts';
import { summaryOf } from './summary.ts';

export interface WizardRun {
  readonly box: Box;
  readonly store: Store;
  readonly others?: readonly Store[];
  /** How the terminal is; `ink` where both ends are one. */
  readonly terminal: {
    readonly ink: boolean;
    readonly colour: boolean;
    readonly ascii: boolean;
    readonly columns: number;
  };
  /** Puts a whole text of the screen into the person's language. */
  readonly say?: ((text: string) => string) | undefined;
  readonly version: string;
  readonly command: string;
  readonly demos?: { readonly list: () => Promise<readonly Demo[]>; readonly open: (name: string) => Promise<Box> };
  readonly loadModules?: boolean;
  /** The lessons, for a person who chooses them; resolves to their exit code. */
  readonly learn?: () => Promise<number>;
  readonly out: (text: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  readonly stdin?: NodeJS.ReadableStream;
}

/** Resolves to the exit code of the contract. */
export const runWizard = async (run: WizardRun): Promise<number> => {
  const { terminal, version, now } = run;
  const { demos } = run;
  const opened: Real[] = [];
  /** Everything but the screen: the tree, the probes, the fixes, the journal. */
  const load = async (): Promise<Wizard> => {
    const { realOutside } = await import('./real.ts');
    const { createWizard } = await import('./wizard.ts');
    const open = (box: Box, store: Store): Real => {
      const outside = realOutside({
        box,
        store,
        version,
        now,
        command: run.command,
        // A simulated box has files of its own; the person's folder is none of them.
        ...(box.kind === 'live' && { folders: [process.cwd()] }),
        ...(run.others && box === run.box && { others: run.others }),
        ...(run.loadModules && { loadModules: true }),
      });
      opened.push(outside);
      return outside;
    };
    return createWizard({
      outside: open(run.box, run.store),
      ...(demos && {
        demos: { list: demos.list, open: async (name: string) => open(await demos.open(name), memoryStore()) },
      }),
    });
  };
  const firstFrame = Promise.withResolvers<void>();
  const wizard = terminal.ink
    ? soon(firstState({ box: run.box, now, modes: {} }, demos !== undefined), firstFrame.promise.then(load))
    : await load();
  const interrupt = () => wizard.send({ do: 'interrupt' });
  run.signal.addEventListener('abort', interrupt, { once: true });
  if (run.signal.aborted) interrupt();

  let end: End;
  if (terminal.ink) {
    const { mount } = await import('../ui/mount.tsx');
    end = await mount({ wizard, version, ascii: terminal.ascii, say: run.say, now, painted: firstFrame.resolve });
  } else {
    const input = createInterface({ input: run.stdin ?? process.stdin, terminal: false });
    try {
      end = await runPlain({
        wizard,
        version,
        lines: input[Symbol.asyncIterator](),
        out: run.out,
        ascii: terminal.ascii,
        say: run.say,
        colour: terminal.colour,
        columns: terminal.columns,
      });
    } finally {
      input.close();
    }
  }
  const theme = themeOf(terminal.ascii, run.say);
  if (end.state.walk !== null)
    for (const line of summaryOf(end.state))
      for (const drawn of drawLine(line, terminal.columns, theme)) run.out(`${painted(drawn, terminal.colour)}\n`);
  await Promise.all(opened.map(o => o.flush()));
  return end.next === 'learn' && run.learn ? run.learn() : end.exitCode;
};
