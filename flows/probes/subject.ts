/** The one container or image that a person asked about; a box-wide check asks about none. */
import type { FileRead, Ran, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or, unknown } from '../../src/engine/known.ts';
import { type Asks, probe, read, run, stat } from '../../src/engine/probe.ts';
import { exists, text } from './answers.ts';
import {
  CONTAINER_TEMPLATE,
  type ContainerRecord,
  containersIn,
  IMAGE_TEMPLATE,
  type ImageRecord,
  imagesIn,
} from './container-record.ts';
import { INSIDE, type Inside, insideOf, requestWords } from './inside.ts';
import { givenTo, type SubjectTask, taskOf } from './swarm.ts';
import type { ConfigFacts, ToolkitFacts } from './toolkit.ts';

export interface Subject {
  /** Name or id of a container, or the name of an image. */
  readonly name: string;
  /** A throw-away container may be started from its image (never pulled, without network, removed afterwards). */
  readonly mayRun: boolean;
}

/** @param asked null for the box-wide check, which then asks nothing here */
export const subjectOf = (asked: Subject | null) =>
  probe({
    id: 'subject',
    looks: 'what was named',
    needs: () => ({}),
    read: (): Subject | null => asked,
  });
export const subject = subjectOf(null);

type WithSubject = { readonly subject: Subject | null };

export interface SubjectRecord {
  /** null: no such container. */
  readonly container: Maybe<ContainerRecord | null>;
  /** Of the container, or of the name itself where it is an image; null: not on this machine. */
  readonly image: Maybe<ImageRecord | null>;
}

type WithTask = WithSubject & {
  readonly subjectTask: Maybe<SubjectTask | null>;
  readonly config: ConfigFacts;
  readonly toolkit: ToolkitFacts;
};

export const subjectRecord = probe({
  id: 'subjectRecord',
  looks: 'its inspect record',
  after: ['subject', 'subjectTask', 'config', 'toolkit'],
  needs: ({ subject: s, subjectTask: t }: WithTask): Asks => {
    if (s === null) return {};
    // A service may be named, or a task that has been replaced since.
    const task = or(t, null)?.container ?? null;
    return {
      container: run('docker', 'container', 'inspect', '--format', CONTAINER_TEMPLATE, task ?? s.name),
      image: run('docker', 'image', 'inspect', '--format', IMAGE_TEMPLATE, s.name),
      ...(task === null ? {} : { given: givenTo(task) }),
    };
  },
  read: (answers, known: WithTask): SubjectRecord | null => {
    const a = answers as Readonly<Record<string, Ran | undefined>>;
    if (a.container === undefined) return null;
    const container = containersIn(a.container, 'docker container inspect');
    const image = imagesIn(a.image as Ran, 'docker image inspect');
    const service = or(known.subjectTask, null)?.service ?? '';
    const task = a.given === undefined ? null : taskOf(service, a.given, known);
    return {
      container: container === null || isUnknown(container) ? container : { ...container[0]!, task },
      image: image === null || isUnknown(image) ? image : image[0]!,
    };
  },
});

/** The record of the container that was named; null where none was, or it is an image. */
export const containerOf = (r: SubjectRecord | null): ContainerRecord | null =>
  r === null || r.container === null || isUnknown(r.container) ? null : r.container;

export const imageRef = (s: Subject, r: SubjectRecord | null): string => containerOf(r)?.imageId || s.name;

/** A mounted file or link of the driver; folders of the host are looked at elsewhere. */
export const isDriverFile = (path: string): boolean =>
  /\/(lib(cuda|nvidia-[\w-]+|nvcuvid|nvoptix|EGL_nvidia|GLX_nvidia)\.so[\w.]*|nvidia-smi)$/.test(path);

export interface SubjectHost {
  /** What stands on the host where a mounted driver file should: its type, null for nothing. */
  readonly sources: ReadonlyMap<string, Maybe<string | null>>;
  /** The image of the container, where it was the container that was named. */
  readonly image: Maybe<ImageRecord | null>;
  /** The last lines it printed; null where it never ran. */
  readonly log: Maybe<string | null>;
  /** "Enforcing", "Permissive", "Disabled"; null where SELinux is not there. */
  readonly selinux: Maybe<string | null>;
  readonly denials: Maybe<string>;
}

type WithRecord = WithSubject & { readonly subjectRecord: SubjectRecord | null };

export const subjectHost = probe({
  id: 'subjectHost',
  looks: 'its logs and what is mounted into it',
  after: ['subject', 'subjectRecord'],
  needs: ({ subjectRecord: r }: WithRecord): Asks => {
    const c = containerOf(r);
    if (c === null) return {};
    return {
      ...Object.fromEntries(c.mounts.filter(m => isDriverFile(m.place)).map(m => [`at ${m.source}`, stat(m.source)])),
      image: run('docker', 'image', 'inspect', '--format', IMAGE_TEMPLATE, c.imageId),
      ...(c.startedAt === null ? {} : { log: run('docker', 'logs', '--tail', '50', c.name) }),
      enforce: read(ENFORCE),
      kernel: run('journalctl', '-k', '-b', '-n', '200', '--no-pager', '-o', 'cat'),
    };
  },
  read: (a, { subjectRecord: r }: WithRecord): SubjectHost | null => {
    if (containerOf(r) === null) return null;
    const at = a as Readonly<Record<string, unknown>>;
    const log = at.log as Ran | undefined;
    const kernel = at.kernel as Ran;
    const enforce = text(at.enforce as FileRead, ENFORCE);
    const image = imagesIn(at.image as Ran, 'docker image inspect');
    return {
      sources: new Map(
        Object.keys(at)
          .filter(k => k.startsWith('at '))
          .map(k => [k.slice(3), kindOf(at[k] as StatRead, k.slice(3))]),
      ),
      image: image === null || isUnknown(image) ? image : image[0]!,
      log: log === undefined ? null : both(log),
      selinux: isUnknown(enforce) || enforce === null ? enforce : enforce.trim() === '1' ? 'Enforcing' : 'Permissive',
      denials:
        kernel.kind === 'exited' && kernel.code === 0
          ? kernel.stdout
              .split('\n')
              .filter(l => DENIED.test(l))
              .slice(-3)
              .join('\n')
          : unknown(kernel.kind === 'exited' ? 'unreadable' : kernel.kind, 'journalctl -k'),
    };
  },
});

const ENFORCE = '/sys/fs/selinux/enforce';
const DENIED = /(apparmor="DENIED"|avc: +denied).*(nvidia|xserver_misc)/;
const kindOf = (s: StatRead, path: string): Maybe<string | null> => {
  const there = exists(s, path);
  return s.kind === 'stat' ? s.stat.type : isUnknown(there) ? there : null;
};
/** What a container wrote to either stream. */
const both = (log: Ran): Maybe<string> =>
  log.kind === 'exited' && log.code === 0
    ? `${log.stdout}\n${log.stderr}`
    : unknown(log.kind === 'exited' ? 'unreadable' : log.kind, 'docker logs');

export const subjectInside = probe({
  id: 'subjectInside',
  looks: 'the GPU as a program in it sees it',
  after: ['subject', 'subjectRecord'],
  needs: ({ subject: s, subjectRecord: r }: WithRecord): Asks => {
    const c = containerOf(r);
    if (s === null || r === null) return {};
    if (c?.status === 'running') return INSIDE(program => ['docker', 'exec', c.name, ...program]);
    if (!s.mayRun) return {};
    const image = imageRef(s, r);
    const once =
      (how: readonly string[]) =>
      (program: readonly [string, ...string[]]): readonly [string, ...string[]] => [
        'docker',
        'run',
        '--rm',
        '--pull=never',
        '--network=none',
        ...how,
        '--entrypoint',
        program[0],
        image,
        ...program.slice(1),
      ];
    // Without any request whatever is there is the image's own.
    const { files, cuda } = INSIDE(once(['--runtime=runc']));
    if (c === null) return r.image === null ? {} : { files, cuda };
    return { ...INSIDE(once(requestWords(c)), true), files };
  },
  read: (a, { subject: s, subjectRecord: r }: WithRecord): Inside | null => {
    if (s === null || r === null) return null;
    return insideOf(a as never, containerOf(r)?.status === 'running' ? 'exec' : 'run');
  },
});
