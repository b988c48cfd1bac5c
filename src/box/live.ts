/** This machine. With its helpers beside it, the only place that runs programs and touches files of the machine. */
import type { Box } from './box.ts';
import { lookWith } from './live-look.ts';
import { runWith } from './live-run.ts';
import { writeWith } from './live-write.ts';
import { places } from './place.ts';

export interface LiveOptions {
  /** Added to our own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * A folder that stands for "/" in every read, list, stat and write; commands learn it as GPUMEDIC_ROOT. It lets a
   * whole flow run over files in a temporary folder with stand-in programs on PATH.
   */
  readonly root?: string;
  /** Milliseconds for a command that names none. Default 10 000. */
  readonly timeoutMs?: number;
  /** Characters kept of each output stream. Default 4 Mi. */
  readonly maxOutput?: number;
  /** Bytes of the largest file that is read. Default 2 Mi. */
  readonly maxFile?: number;
  /** Milliseconds for one look at a file. Default 5 000. */
  readonly lookMs?: number;
  /** Whether we are root; default: whether we are. */
  readonly isRoot?: boolean;
  /** Places that may hang; default: the network and FUSE mounts, and the driver's files in /proc. */
  readonly slow?: readonly string[];
}

/** A real machine changes under our feet: put `cached` around it. */
export const liveBox = (options: LiveOptions = {}): Box => {
  const root = (options.root ?? '').replace(/\/+$/, '');
  const isRoot = options.isRoot ?? process.getuid?.() === 0;
  const env = Object.fromEntries(
    Object.entries({
      ...process.env,
      ...options.env,
      // Programs are read by machines here: no translations.
      LC_ALL: 'C',
      // With it `nvidia-ctk cdi generate` writes a file instead of printing.
      NVIDIA_CTK_CDI_OUTPUT_FILE_PATH: undefined,
      ...(root !== '' && { GPUMEDIC_ROOT: root }),
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const run = runWith({
    env,
    isRoot,
    timeoutMs: options.timeoutMs ?? 10_000,
    maxOutput: options.maxOutput ?? 4 * 1024 * 1024,
  });
  const where = places(root, options.slow);
  return {
    name: 'this machine',
    kind: 'live',
    run,
    ...lookWith({ places: where, run, maxFile: options.maxFile ?? 2 * 1024 * 1024, lookMs: options.lookMs ?? 5000 }),
    write: writeWith({ places: where, run, isRoot }, root),
  };
};
