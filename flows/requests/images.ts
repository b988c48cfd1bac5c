/** What the names of images say, and which other tag of the same image fits a machine. */
import { atLeast, compare } from '../rules/version.ts';

export interface Named {
  readonly repository: string;
  /** Empty where none is written, which means latest. */
  readonly tag: string;
}
/** Repository and tag; null for a name with a digest, which no other tag stands for. */
export const namedImage = (ref: string): Named | null => {
  if (ref === '' || ref.includes('@') || /\s/.test(ref)) return null;
  const [, repository = '', tag = ''] = /^(.*?)(?::([\w][\w.-]*))?$/.exec(ref) ?? [];
  return repository === '' || /:$/.test(repository) ? null : { repository, tag };
};
/** One name for what Docker takes for one repository. */
export const repositoryOf = (ref: string): string =>
  (namedImage(ref)?.repository ?? ref).replace(/^docker\.io\//, '').replace(/^library\//, '');

/** Languages whose official image has a -slim flavour of each version, with glibc. */
const WITH_SLIM = /^(?:python|node|ruby|rust|perl)$/;
/** Those whose tag without the flavour is a Debian or Ubuntu. */
const PLAIN = /^(?:golang|php|eclipse-temurin)$/;
const ALPINE = /(?:^|-)alpine(?:\d+(?:\.\d+)*)?(?=-|$)/;

/** Built on musl: no program of the driver runs in it, and no CUDA library loads. */
export const isMusl = (ref: string): boolean =>
  /^(?:alpine|busybox)$/.test(repositoryOf(ref)) || ALPINE.test(namedImage(ref)?.tag ?? '');

/** The same version of the same image with glibc; null where its owner has to look for one. */
export const withGlibc = (ref: string): string | null => {
  const named = namedImage(ref);
  if (named === null || !ALPINE.test(named.tag)) return null;
  const own = repositoryOf(ref);
  const flavour = WITH_SLIM.test(own) ? 'slim' : PLAIN.test(own) ? '' : null;
  if (flavour === null) return null;
  const rest = named.tag.replace(ALPINE, '').replace(/^-|-$/g, '');
  return `${named.repository}:${[rest, flavour].filter(Boolean).join('-') || 'latest'}`;
};

/** Last update of each CUDA release that NVIDIA publishes images of; older updates are taken away. */
const CUDA_IMAGES = [
  '11.8.0',
  '12.0.1',
  '12.1.1',
  '12.2.2',
  '12.3.2',
  '12.4.1',
  '12.5.1',
  '12.6.3',
  '12.8.1',
  '12.9.1',
];
const CUDA_TAG = /^(\d+\.\d+)(?:\.\d+)?-(cudnn-)?(base|runtime|devel)-(ubuntu\d\d\.04)$/;
/** From which release on there are images on that system. */
const SYSTEM: Readonly<Record<string, string>> = { 'ubuntu22.04': '11.8', 'ubuntu24.04': '12.6' };
const isCudaImage = (ref: string): boolean => /^(?:nvcr\.io\/)?nvidia\/cuda$/.test(repositoryOf(ref));

/** The CUDA release that an image of NVIDIA is named for, "13.0". */
export const cudaNamed = (ref: string): string | null =>
  isCudaImage(ref) ? (/^(\d+\.\d+)/.exec(namedImage(ref)?.tag ?? '')?.[1] ?? null) : null;

/** The newest image of the same flavour that a driver serving this CUDA release can run; null where none is known. */
export const olderCuda = (ref: string, serves: string): string | null => {
  const named = namedImage(ref);
  const [, release, cudnn = '', flavour, system = ''] = CUDA_TAG.exec(named?.tag ?? '') ?? [];
  if (named === null || !isCudaImage(ref) || release === undefined || compare(release, serves) <= 0) return null;
  const first = SYSTEM[system];
  const found = CUDA_IMAGES.findLast(
    v =>
      first !== undefined &&
      compare(v.split('.').slice(0, 2).join('.'), serves) <= 0 &&
      atLeast(v, first) &&
      // Before 12.4 the tags named the version of cuDNN as well.
      (cudnn === '' || atLeast(v, '12.4')),
  );
  return found === undefined ? null : `${named.repository}:${found}-${cudnn}${flavour}-${system}`;
};
