/** Where images come from: a registry that is reached, and builds from a Dockerfile as far as its last base goes. */

import type { Ran } from '../box/box.ts';
import { findImage } from './docker-start.ts';
import { text } from './fs.ts';
import { archOf, fail, goArch, type Image, out, type World } from './world.ts';

const isNamed = (image: Image, ref: string): boolean => findImage([image], ref) !== undefined;

/** Brings an image for this platform, "linux/arm64"; what is wrong, or null. */
export const pull = (world: World, ref: string, platform: string | undefined): string | null => {
  const docker = world.docker!;
  if (docker.registry === undefined)
    return 'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host';
  const wanted = platform?.split('/')[1] ?? goArch(world);
  const named = docker.registry.filter(i => isNamed(i, ref));
  if (named.length === 0)
    return `Error response from daemon: manifest for ${ref} not found: manifest unknown: manifest unknown`;
  const image = named.find(i => archOf(world, i) === wanted);
  if (image === undefined)
    return `Error response from daemon: no matching manifest for linux/${wanted} in the manifest list entries: no match for platform in manifest: not found`;
  if (!docker.images.includes(image)) rename(world, image, ref);
  return null;
};

/** Gives the name to another image; the one that had it stays, without a name. */
const rename = (world: World, image: Image, ref: string): void => {
  const docker = world.docker!;
  const { repository, tag } = namedAs(ref);
  docker.images = [
    ...docker.images
      .filter(i => i.id !== image.id)
      .map(i => (isNamed(i, ref) ? { ...i, repository: '<none>', tag: '<none>' } : i)),
    { ...image, repository, tag },
  ];
};
const namedAs = (ref: string): Pick<Image, 'repository' | 'tag'> => {
  const [, repository = ref, tag = 'latest'] =
    /^(.*?)(?::([^:/]+))?$/.exec(ref.replace(/^docker\.io\/(library\/)?/, '')) ?? [];
  return { repository, tag };
};

/** `docker pull [--platform P] NAME` and `docker tag IMAGE NAME`. */
export const pullOrTag = (world: World, verb: 'pull' | 'tag', args: readonly string[]): Ran => {
  const at = args.indexOf('--platform');
  const [first = '', second = ''] = args.filter((a, i) => !a.startsWith('-') && args[i - 1] !== '--platform');
  if (verb === 'pull') {
    const failed = pull(world, first, at < 0 ? undefined : args[at + 1]);
    return failed === null ? out(`Status: Downloaded newer image for ${first}\n`) : fail(1, `${failed}\n`);
  }
  const image = findImage(world.docker!.images, first);
  if (image === undefined) return fail(1, `Error response from daemon: No such image: ${first}\n`);
  rename(world, image, second);
  return out('');
};

/** The image of a Dockerfile: that of its last base, under another name; what is wrong, or null. */
export const build = (world: World, dockerfile: string, name: string): string | null => {
  const docker = world.docker!;
  const content = text(world.fs, dockerfile);
  if (content === undefined) return `failed to read dockerfile: open ${dockerfile}: no such file or directory`;
  const last = [...content.matchAll(/^FROM\s+(?:--platform=(\S+)\s+)?(\S+)/gim)].at(-1);
  const [, platform, base = ''] = last ?? [];
  const here = () => findImage(docker.images, base);
  const fits = (i: Image | undefined) => i !== undefined && (!platform || archOf(world, i) === platform.split('/')[1]);
  const failed = fits(here()) ? null : pull(world, base, platform);
  if (failed !== null) return `failed to solve: ${base}: failed to resolve source metadata for ${base}: ${failed}`;
  const image: Image = { ...here()!, repository: name, tag: 'latest', id: here()!.id.replace(/^./, 'b') };
  docker.images = [...docker.images.filter(i => !isNamed(i, `${name}:latest`)), image];
  return null;
};
