/** What is wrong with a project file on this box, and what would mend it. */
import type { FormId } from '../../flows/requests/forms.ts';

export interface Region {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** What the container of a service showed; some faults no file can prove by itself. */
export interface Shown {
  readonly id: string;
  readonly service: string;
}

/** An image that has to be brought before the edit is of use. */
export interface Fetch {
  readonly ref: string;
  /** "linux/arm64", where the name alone may bring another. */
  readonly platform?: string;
  /** Id of the image that has the name now; it gets it back. */
  readonly was?: string;
}

/** An edit of one file that mends a finding. */
export interface Mend {
  readonly title: string;
  /** The form it rewrites to, where it is one. */
  readonly to: FormId | null;
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly fetch?: Fetch;
  /** The same for `kubectl patch`, where the file is a manifest. */
  readonly patch?: string;
}

/** A request for a GPU that was recognised, right or wrong. */
export interface FileRequest {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly service: string;
  /** `raw`: nodes handed over by hand. */
  readonly form: FormId | 'raw';
  /** `all`, ids, or the text of a variable that decides. */
  readonly gpus: readonly string[];
  /** How it came into the service, beside being written in it: "merge gpu", "extends base". */
  readonly via: readonly string[];
  /** By the ways of this box; null where that cannot be told. */
  readonly works: boolean | null;
}

export type Kind = 'compose' | 'dockerfile' | 'manifest';

export interface FileFinding extends Region {
  readonly path: string;
  readonly kind: Kind;
  readonly id: string;
  readonly severity: 'fault' | 'risk' | 'note';
  readonly title: string;
  /** What is wrong here and why, in sentences. */
  readonly message: string;
  /** Service, stage or workload. */
  readonly subject: string | null;
  /** Forms that work on this box, best first; empty where that is not the question. */
  readonly works: readonly FormId[];
  readonly mends: readonly Mend[];
  /** What to paste where no edit is offered. */
  readonly snippet: string | null;
}
