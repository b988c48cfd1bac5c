/** A Compose project against this box: which requests fail, and why. */
import type { ImageRecord } from '../../../flows/probes/container-record.ts';
import { type FormId, forms, imagesThatAsk, imagesThatDoNot } from '../../../flows/requests/forms.ts';
import { visible } from '../../../flows/rules/container.ts';
import { atLeast, since } from '../../../flows/rules/version.ts';
import type { Shown } from '../finding.ts';
import { type Here, isRead, wayOf, workingForms } from '../here.ts';
import type { LocalImages } from '../local.ts';
import { imageComplaints } from './images.ts';
import { filled } from './interpolate.ts';
import type { Project, Service } from './load.ts';
import { putVariable, type Repair, setVariable } from './repair.ts';
import { droppedMount, renamed, takenOut } from './repairs.ts';
import { type Asked, idsWanted, rawDevices, requestsOf, variablesOf, type WorkAround } from './requests.ts';
import { at, type Spot, textOf, type Via } from './tree.ts';
import { isFiltered, variableComplaints } from './variables.ts';
import { inWords, keyOf } from './wanted.ts';
import { workAroundsOf } from './workarounds.ts';

export interface Complaint {
  readonly id: string;
  readonly severity: 'fault' | 'risk' | 'note';
  readonly message: string;
  readonly service: string;
  readonly spot: Spot;
  readonly works: readonly FormId[];
  /** A rewrite of the request would mend it. */
  readonly rewrite: boolean;
  /** Smaller edits that would, best first. */
  readonly repairs?: readonly Repair[];
}

/** Whether a path of the host is a file; null where that is not known. */
export type IsFile = (path: string) => boolean | null;

export interface World {
  readonly here: Here;
  readonly images: LocalImages;
  /** Compute capabilities of the cards, "8.6"; empty where they are not known or were not asked for. */
  readonly capabilities: readonly string[];
  readonly isFile: IsFile;
  readonly shown?: Shown;
}

const named = (form: FormId): string => forms[form].written;
const inList = (list: readonly FormId[]): string =>
  list.length === 0 ? 'no form works here until that is mended' : `these work here: ${list.map(named).join('; ')}`;

const through = (via: readonly Via[]): string => {
  const words = via.map(v =>
    v.how === 'anchor' || v.how === 'merge'
      ? `the anchor ${v.name}`
      : v.how === 'extends'
        ? `the service ${v.name}, which it extends`
        : v.how === 'include'
          ? `the included file ${v.name}`
          : `the override ${v.name}`,
  );
  return words.length === 0 ? '' : ` (it comes through ${[...new Set(words)].join(' and ')})`;
};

/** Whether an image asks by itself; null where that is not known. */
const imageAsks = (record: ImageRecord | null): boolean | null => {
  const asked = record === null ? null : visible({ env: record.env, task: null });
  return record === null ? null : asked !== null && asked !== 'none';
};

export const imageKnownToAsk = (image: string): boolean => imagesThatAsk.some(r => r.test(image));

const requestComplaints = (service: Service, asked: readonly Asked[], world: World): Complaint[] => {
  const { here } = world;
  const works = workingForms(here);
  const found: Complaint[] = [];
  const hasRuntime = asked.some(a => a.form === 'runtime') || /^nvidia/.test(here.defaultRuntime ?? '');
  for (const a of asked) {
    if (a.form === 'raw') continue;
    const complain = (id: string, severity: Complaint['severity'], message: string, rewrite: boolean): void =>
      void found.push({ id, severity, message, service: service.name, spot: a.spot, works, rewrite });
    const form = forms[a.form];
    if (a.wrong !== null) {
      complain('compose-device-request-invalid', 'fault', `${a.wrong}${through(a.via)}.`, true);
      continue;
    }
    if (/^nvidia\./.test(a.driver ?? '') && here.docker !== null && !atLeast(here.docker, since.dockerGpusCdiFirst)) {
      complain(
        'compose-device-request-invalid',
        'fault',
        `driver: ${a.driver} is known from Docker ${since.dockerGpusCdiFirst} on, and this is ${here.docker}.`,
        true,
      );
      continue;
    }
    const isString = a.form === 'gpus' && /^gpus: /.test(a.text);
    const needs = isString ? '2.33.0' : form.compose;
    if (!isRead(form, here.compose) || (isString && here.compose !== null && !atLeast(here.compose, needs))) {
      const isOld = a.form === 'reservation' || a.form === 'reservation-cdi';
      complain(
        isOld ? 'compose-legacy-schema' : 'compose-cdi-syntax-too-new',
        'fault',
        `Compose ${here.compose} ${isString && isRead(form, here.compose) ? 'wants a list here' : form.older}; ${needs} reads it${through(a.via)}. ${sentence(inList(works))}.`,
        true,
      );
      continue;
    }
    if (here.compose !== null && !atLeast(here.compose, '2.0') && a.form === 'runtime') continue;
    const way = wayOf(a.form, a.cdiNames, here);
    if (way?.works !== false) continue;
    // With the nvidia runtime its newer modes take the hook out, so the refusal never comes.
    if (way.cause === 'hook-in-nonlegacy-mode' && hasRuntime && here.ways.get('docker-runtime')?.works === true)
      continue;
    const others = works.filter(w => w !== a.form);
    complain(
      way.cause ?? 'compose-device-request-invalid',
      others.length > 0 ? 'fault' : 'note',
      `${a.text} is asked like ${way.how}, which fails here: ${way.why}${through(a.via)}. ${sentence(inList(others))}.`,
      true,
    );
  }
  return found;
};

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Ids that this machine does not have. */
const idComplaints = (service: Service, asked: readonly Asked[], { here }: World): Complaint[] =>
  asked.flatMap(a => {
    if (here.gpus.length === 0 || a.form === 'raw') return [];
    const names = idsWanted(a).filter(
      id =>
        (/^\d+$/.test(id) && Number(id) >= here.gpus.length) ||
        (/^GPU-[0-9a-f-]{36}$/.test(id) && here.gpus.every(g => g.uuid !== '' && g.uuid !== id)),
    );
    if (names.length === 0) return [];
    const cdi = a.form === 'cdi' || a.form === 'reservation-cdi';
    const have = `this machine has ${here.gpus.length === 1 ? 'one GPU, number 0' : `${here.gpus.length} GPUs, 0 to ${here.gpus.length - 1}`}`;
    return [
      {
        id: cdi ? 'cdi-device-name-unresolvable' : 'visible-devices-unknown',
        severity: 'fault' as const,
        message: `GPU ${names.join(', ')} is asked for; ${have}.${a.text.includes('count') ? ' A count of N means the numbers 0 to N-1.' : ''}`,
        service: service.name,
        spot: a.spot,
        works: [],
        rewrite: false,
        repairs: renamed(service, a, names, here),
      },
    ];
  });

const runtimeComplaints = (service: Service, asked: readonly Asked[], project: Project, world: World): Complaint[] => {
  const a = asked.find(x => x.form === 'runtime');
  if (!a) return [];
  const variable = variablesOf(service, project.env).get('NVIDIA_VISIBLE_DEVICES');
  const value = variable?.value ?? '';
  const parts = value
    .split(',')
    .map(v => v.trim())
    .filter(Boolean);
  const complain = (
    id: string,
    severity: Complaint['severity'],
    message: string,
    repairs: readonly Repair[],
  ): Complaint[] => [
    { id, severity, message, service: service.name, spot: a.spot, works: [], rewrite: false, repairs },
  ];
  const [qualified, bare] = [
    parts.filter(p => p.includes('nvidia.com/')),
    parts.filter(p => !p.includes('nvidia.com/')),
  ];
  if (variable !== undefined && qualified.length > 0 && bare.length > 0)
    return complain(
      'mixed-runtime-and-vendor-cdi',
      'fault',
      `NVIDIA_VISIBLE_DEVICES mixes CDI names with plain ids: ${value}.`,
      [qualified, bare].flatMap(some => setVariable(service, variable, some.join(','))),
    );
  if (variable !== undefined || asked.length > 1) return [];
  const image = filled(textOf(at(service.tree, 'image')) ?? '', project.env) ?? '';
  const asks = imageKnownToAsk(image)
    ? true
    : imagesThatDoNot.test(image)
      ? false
      : imageAsks(world.images.record(image));
  if (asks === true) return [];
  const rest =
    asks === false
      ? `the image ${image} does not set it either, so no GPU is injected and nothing says so`
      : 'unless the image sets it, no GPU is injected and nothing says so';
  return complain(
    'visible-devices-unset',
    asks === false ? 'fault' : 'risk',
    `runtime: nvidia without NVIDIA_VISIBLE_DEVICES: ${rest}.${variablesOf(service, project.env).has('NVIDIA_DRIVER_CAPABILITIES') ? ' NVIDIA_DRIVER_CAPABILITIES alone asks for nothing.' : ''}`,
    [putVariable(service, 'NVIDIA_VISIBLE_DEVICES', 'all')],
  );
};

const stackComplaints = (
  service: Service,
  asked: readonly Asked[],
  around: readonly WorkAround[],
  { here }: World,
): Complaint[] => {
  const works = workingForms(here);
  // One of those that stand there already is the smaller change.
  const working = works.toSorted(
    (x, y) => Number(asked.some(a => a.form === y)) - Number(asked.some(a => a.form === x)),
  );
  const forms = [...new Map(asked.map(a => [a.form, a])).values()];
  const first = forms[0]?.spot ?? around[0]?.spot;
  if (!first) return [];
  const complain = (id: string, message: string, spot: Spot, works: readonly FormId[]): Complaint[] => [
    {
      id,
      severity: 'risk',
      message,
      service: service.name,
      spot,
      works,
      rewrite: works.length > 0,
      repairs: forms.length > 0 ? around.flatMap(w => takenOut(service, w)) : [],
    },
  ];
  const privileges = around.filter(w => w.what !== 'variable');
  if (forms.length > 1 || (forms.length > 0 && privileges.length > 0)) {
    const speaking = forms.filter(a => a.form !== 'runtime' || idsWanted(a).length > 0 || a.wanted.which !== 'ids');
    const differ = new Set(speaking.map(a => keyOf(a.wanted))).size > 1;
    const parts = [...forms.map(a => a.text), ...around.map(w => w.text)];
    return complain(
      'compose-stacked-mechanisms',
      `${parts.length} mechanisms stand side by side: ${parts.join('; ')}.${differ ? ` They contradict each other: ${speaking.map(a => inWords(a.wanted)).join(', ')}.` : ''} One request is enough; take the others out one at a time and try after each.`,
      first,
      differ || forms.length < 2 ? [] : working,
    );
  }
  if (forms.length === 0 && around.length > 0 && privileges.length > 0)
    return complain(
      'over-privileged-workaround',
      `The GPU is handed over by hand: ${around.map(w => w.text).join('; ')}. One GPU request brings nodes, libraries and rights; ${privileges.some(w => w.what === 'privileged') ? 'a privileged container owns the host' : 'these break at the next driver update'}.`,
      privileges[0]?.spot ?? first,
      rawDevices(service, {}) ? working : [],
    );
  return [];
};

const mountComplaints = (service: Service, around: readonly WorkAround[], world: World): Complaint[] =>
  around.flatMap(w =>
    w.source !== undefined && /\.so(?:\.|$)/.test(w.source) && world.isFile(w.source) === false
      ? [
          {
            id: 'bind-mounted-driver-file-missing',
            severity: 'fault' as const,
            message: `${w.source} is mounted and is no file of this machine (a version of the driver that is gone?). Docker makes an empty directory of that name on the host. Drop the mount: one GPU request brings all files.`,
            service: service.name,
            spot: w.spot,
            works: [],
            rewrite: false,
            repairs: droppedMount(service, w),
          },
        ]
      : [],
  );

/** Everything wrong with the services of a project, in the order of the file. */
export const judgeProject = (project: Project, world: World): readonly Complaint[] =>
  [...project.services.values()].flatMap(service => {
    const asked = requestsOf(service, project.env);
    const raw = rawDevices(service, project.env);
    const around = workAroundsOf(service, project.env);
    return [
      ...requestComplaints(service, asked, world),
      ...idComplaints(service, asked, world),
      ...runtimeComplaints(service, asked, project, world),
      ...mountComplaints(service, around, world),
      ...stackComplaints(service, asked, around, world),
      ...imageComplaints(service, raw ? [...asked, raw] : asked, project, world, isFiltered(asked, world)),
      ...variableComplaints(service, raw ? [...asked, raw] : asked, project, world),
    ];
  });
