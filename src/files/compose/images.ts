/** The image of a service against this box: CUDA of the driver, processor, kind of Jetson, libc, generation of the GPU. */
import type { Env, ImageRecord } from '../../../flows/probes/container-record.ts';
import { cudaNamed, isMusl, olderCuda, withGlibc } from '../../../flows/requests/images.ts';
import { imageLacksCode, imageWithCode } from '../../../flows/requests/torch.ts';
import { cudaOf, meetsCuda, requiredCuda, skipsRequire } from '../../../flows/rules/container.ts';
import { imageFits, sayBoard } from '../../../flows/rules/tegra.ts';
import { compare } from '../../../flows/rules/version.ts';
import type { Here } from '../here.ts';
import { filled } from './interpolate.ts';
import type { Complaint, World } from './judge.ts';
import type { Project, Service } from './load.ts';
import { putKeys, type Repair, setKey } from './repair.ts';
import { type Asked, variablesOf } from './requests.ts';
import { at, textOf } from './tree.ts';

/** The image that the service starts as it is; empty where it is built here or a variable leaves it open. */
export const imageOf = (service: Service, project: Pick<Project, 'env'>): string =>
  at(service.tree, 'build') === undefined ? (filled(textOf(at(service.tree, 'image')) ?? '', project.env) ?? '') : '';

const meets = (env: Env, { driver }: Here): boolean | null => (driver === null ? null : meetsCuda(env, driver));
const isForeign = (record: ImageRecord, { arch }: Here): boolean =>
  arch !== null && record.arch !== '' && record.arch !== arch;

/** Whether something of the image itself is wrong here, so that another tag is worth looking for. */
export const isWrongHere = (here: Here, record: ImageRecord | null, ref: string): boolean =>
  (record !== null && (meets(record.env, here) === false || isForeign(record, here))) ||
  (here.board !== null && imageFits(ref, here.board) === false);

const isRight = (here: Here, record: ImageRecord, ref: string): boolean =>
  meets(record.env, here) !== false &&
  !isForeign(record, here) &&
  (here.board === null || imageFits(ref, here.board) !== false);

const skips = (service: Service, project: Project): boolean =>
  skipsRequire(variablesOf(service, project.env).get('NVIDIA_DISABLE_REQUIRE')?.value);

/** What is wrong with the image that a service with a GPU starts. */
export const imageComplaints = (
  service: Service,
  asked: readonly Asked[],
  project: Project,
  world: World,
  /** Only the hook reads the requirement, and refuses. */
  byHook: boolean,
): Complaint[] => {
  const ref = imageOf(service, project);
  const tree = at(service.tree, 'image');
  const shown = world.shown?.service === service.name ? world.shown.id : null;
  if (ref === '' || tree === undefined || (asked.length === 0 && shown === null)) return [];
  const { here, images } = world;
  const record = images.record(ref);
  const isWritten = !/\$/.test(textOf(tree) ?? '');
  const become = (to: string, what: string): readonly Repair[] =>
    isWritten ? [setKey(service, 'image', tree.spot, to, what)] : [];
  /** A tag that is known from elsewhere, so that it has to be brought first. */
  const another = (to: string | null): readonly Repair[] =>
    to === null ? [] : become(to, to).map(r => (images.record(to) === null ? { ...r, fetch: { ref: to } } : r));
  const others = (is: (record: ImageRecord, ref: string) => boolean): readonly Repair[] =>
    images
      .others(ref)
      .filter(o => isRight(here, o.record, o.ref) && is(o.record, o.ref))
      .flatMap(o => become(o.ref, `${o.ref}, which is here`));
  const found: Complaint[] = [];
  const complain = (
    id: string,
    severity: Complaint['severity'],
    message: string,
    repairs: readonly Repair[],
    spot = tree.spot,
  ): void =>
    void found.push({
      id,
      severity: shown === id ? 'fault' : severity,
      message,
      service: service.name,
      spot,
      works: [],
      rewrite: false,
      repairs,
    });

  const serves = cudaOf(here.driver);
  const wants = record === null ? cudaNamed(ref) : requiredCuda(record.env);
  const isUnmet =
    record === null ? shown === 'cuda-requirement-unsatisfied' && wants !== null : meets(record.env, here) === false;
  if (isUnmet && wants !== null && serves !== null && compare(serves, wants) < 0)
    complain(
      'cuda-requirement-unsatisfied',
      byHook && !skips(service, project) ? 'fault' : 'risk',
      `The image ${ref} wants CUDA ${wants}, and driver ${here.driver} serves ${serves}: ${byHook ? 'the hook refuses to start it' : 'nothing checks it at the start, and CUDA fails in the program (35 or 803)'}. A newer driver helps as well.`,
      oneEach([...others(r => requiredCuda(r.env) !== null), ...another(olderCuda(ref, serves))]),
    );

  const platform = at(service.tree, 'platform');
  const written = platform === undefined ? null : filled(textOf(platform) ?? '', project.env);
  const built = written === null ? (record?.arch ?? '') : (written.split('/')[1] ?? '');
  if (here.arch !== null && built !== '' && built !== here.arch) {
    const own = `linux/${here.arch}`;
    const fetch = { ref, platform: own, ...(record !== null && { was: record.id }) };
    complain(
      'image-platform-mismatch',
      'fault',
      `${written === null ? `The image ${ref} that is here is for ${built}` : `platform: ${written}`}, and this machine is ${here.arch}: it runs by emulation at best, and never with CUDA.`,
      platform === undefined
        ? [...others(() => true), { ...putKeys(service, `platform ${own}`, { platform: own }), fetch }]
        : [{ ...setKey(service, 'platform', platform.spot, own, `platform ${own}`), fetch }],
      platform?.spot ?? tree.spot,
    );
  }

  if (here.board !== null && imageFits(ref, here.board) === false)
    complain(
      'tegra-image-mismatch',
      'risk',
      `${ref} was made for another kind of Jetson, and this is ${sayBoard(here.board)}: libraries are missing or cuInit fails.`,
      others((_, o) => imageFits(o, here.board!) === true),
    );

  if (isMusl(ref) && (asked.length > 0 || shown === 'image-nvidia-smi-not-found'))
    complain(
      'image-nvidia-smi-not-found',
      'risk',
      `${ref} is built on musl: neither nvidia-smi nor any CUDA library of the host runs in it. Programs for CUDA need glibc.`,
      another(withGlibc(ref)),
    );

  const lacks = world.capabilities.length > 0 ? imageLacksCode(ref, world.capabilities) : null;
  if (lacks !== null)
    complain(
      'image-arch-not-compiled',
      'risk',
      `${lacks}: "no kernel image is available".`,
      another(imageWithCode(ref, world.capabilities)),
    );
  return found;
};

/** A tag that is here stands before the same one to be brought. */
const oneEach = (repairs: readonly Repair[]): readonly Repair[] => {
  const word = (r: Repair): string => JSON.stringify(r.changes.map(c => (c.do === 'set' ? c.to : c.do)));
  return repairs.filter((r, i) => repairs.findIndex(x => word(x) === word(r)) === i);
};
