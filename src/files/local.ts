/** Images that Docker has on this machine, asked for only as far as a project names them. */
import { IMAGE_TEMPLATE, type ImageRecord, imagesIn } from '../../flows/probes/container-record.ts';
import { repositoryOf } from '../../flows/requests/images.ts';
import type { Box } from '../box/box.ts';
import { isUnknown } from '../engine/known.ts';

export interface LocalImage {
  readonly ref: string;
  readonly record: ImageRecord;
}
export interface LocalImages {
  /** null where the image is not here, or nothing is known of it. */
  readonly record: (ref: string) => ImageRecord | null;
  /** Other tags of the same repository, newest name first. */
  readonly others: (ref: string) => readonly LocalImage[];
}

/** Tags that are offered; of a repository with more of them the newest. */
const MOST = 12;

/** Asks Docker once for each name, for as long as nothing is changed. */
export interface Asker {
  readonly record: (ref: string) => Promise<ImageRecord | null>;
  readonly tags: (repository: string) => Promise<readonly string[]>;
}
const once = <T>(ask: (key: string) => Promise<T>): ((key: string) => Promise<T>) => {
  const seen = new Map<string, Promise<T>>();
  return key => {
    const known = seen.get(key) ?? ask(key);
    seen.set(key, known);
    return known;
  };
};

export const asker = (box: Box): Asker => ({
  record: once(async ref => {
    const found = imagesIn(
      await box.run({ argv: ['docker', 'image', 'inspect', '--format', IMAGE_TEMPLATE, ref] }),
      'docker image inspect',
    );
    return found === null || isUnknown(found) ? null : (found[0] ?? null);
  }),
  tags: once(async repository => {
    const listed = await box.run({
      argv: ['docker', 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', repository],
    });
    return listed.kind === 'exited' && listed.code === 0
      ? listed.stdout
          .split('\n')
          .filter(l => l !== '' && !l.includes('<none>') && repositoryOf(l) === repository)
          .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
          .slice(0, MOST)
      : [];
  }),
});

/** @param wanted images that services of a project start @param isWrong whether another tag of it will be looked for */
export const localImages = async (
  ask: Asker,
  wanted: readonly string[],
  isWrong: (ref: string, record: ImageRecord | null) => boolean,
): Promise<LocalImages> => {
  const records = new Map<string, ImageRecord | null>();
  const others = new Map<string, readonly LocalImage[]>();
  const know = async (ref: string): Promise<ImageRecord | null> => {
    const record = await ask.record(ref);
    records.set(ref, record);
    return record;
  };
  for (const ref of new Set(wanted.filter(r => r !== ''))) {
    if (!isWrong(ref, await know(ref)) || others.has(repositoryOf(ref))) continue;
    const found: LocalImage[] = [];
    for (const tag of await ask.tags(repositoryOf(ref))) {
      const record = await know(tag);
      if (record !== null) found.push({ ref: tag, record });
    }
    others.set(repositoryOf(ref), found);
  }
  return {
    record: ref => records.get(ref) ?? null,
    others: ref => (others.get(repositoryOf(ref)) ?? []).filter(o => o.ref !== ref),
  };
};

export const noImages: LocalImages = { record: () => null, others: () => [] };
