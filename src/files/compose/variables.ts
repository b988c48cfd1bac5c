/** What variables of a service do to its GPU. */
import { defaultCapabilities, driverCapabilities } from '../../../flows/requests/forms.ts';
import { atLeast, since } from '../../../flows/rules/version.ts';
import { filled } from './interpolate.ts';
import { type Complaint, imageKnownToAsk, type World } from './judge.ts';
import type { Project, Service } from './load.ts';
import { dropVariable, type Repair, setVariable } from './repair.ts';
import { asking } from './repairs.ts';
import { type Asked, type Variable, variablesOf } from './requests.ts';
import { at, type Spot, textOf } from './tree.ts';

/** Folders in which a program finds a libcuda that is not the driver's. */
const LED_ASTRAY = [
  [
    'image-stub-libcuda',
    'fault',
    /(?:^|\/)stubs\/?$/,
    'the stubs are for linking only, a program that loads them gets error 34',
  ],
  [
    'cuda-compat-conflict',
    'risk',
    /\/compat\/?$/,
    'the compat libcuda helps data-center cards only, and then the hook puts it in place itself',
  ],
] as const;

/** Only the hook looks at the words, and only where a GPU is asked for; the other ways bring everything. */
export const isFiltered = (asked: readonly Asked[], { here }: World): boolean =>
  asked.some(a =>
    a.form === 'runtime'
      ? here.runtimeByHook === true && !(a.wanted.which === 'ids' && a.wanted.ids.length === 0)
      : (a.form === 'reservation' || a.form === 'gpus') &&
        here.docker !== null &&
        !atLeast(here.docker, since.dockerGpusCdiFirst),
  );

/** Variables of a service that take the GPU away again, and those that alone bring none. */
export const variableComplaints = (
  service: Service,
  asked: readonly Asked[],
  project: Project,
  world: World,
): Complaint[] => {
  const variables = variablesOf(service, project.env);
  const found: Complaint[] = [];
  const spotOf = (name: string): Spot => variables.get(name)?.tree?.spot ?? service.tree.spot;
  const complain = (
    id: string,
    severity: Complaint['severity'],
    message: string,
    name: string,
    repair: (v: Variable) => readonly Repair[],
  ): void => {
    const v = variables.get(name);
    found.push({
      id,
      severity,
      message,
      service: service.name,
      spot: spotOf(name),
      works: [],
      rewrite: false,
      repairs: v === undefined ? [] : repair(v),
    });
  };
  const gone = (v: Variable): readonly Repair[] => dropVariable(service, v);
  const words =
    variables
      .get('NVIDIA_DRIVER_CAPABILITIES')
      ?.value?.split(/[\s,]+/)
      .filter(Boolean) ?? [];
  const unknown = words.filter(w => !driverCapabilities.includes(w));
  if (unknown.length > 0)
    complain(
      'driver-capabilities-unsupported',
      'risk',
      `NVIDIA_DRIVER_CAPABILITIES has ${unknown.join(', ')}, which the hook does not know; it knows ${driverCapabilities.join(', ')}.`,
      'NVIDIA_DRIVER_CAPABILITIES',
      v => {
        const known = words.filter(w => driverCapabilities.includes(w));
        return setVariable(service, v, (known.length > 0 ? known : defaultCapabilities).join(','));
      },
    );
  const lacking = words.includes('all') ? [] : defaultCapabilities.filter(w => !words.includes(w));
  if (unknown.length === 0 && words.length > 0 && lacking.length > 0 && isFiltered(asked, world))
    complain(
      'driver-capabilities-missing',
      'risk',
      `NVIDIA_DRIVER_CAPABILITIES=${words.join(',')} leaves ${lacking.join(' and ')} out: ${lacking.includes('compute') ? 'without compute there is no libcuda' : 'without utility there is no nvidia-smi and no NVML'}.`,
      'NVIDIA_DRIVER_CAPABILITIES',
      v => setVariable(service, v, [...lacking, ...words].join(',')),
    );
  const path = variables.get('LD_LIBRARY_PATH');
  const folders = path?.value?.split(':').filter(Boolean) ?? [];
  for (const [id, severity, folder, message] of LED_ASTRAY) {
    if (!folders.some(f => folder.test(f))) continue;
    const rest = folders.filter(f => !folder.test(f));
    complain(id, severity, `LD_LIBRARY_PATH=${path?.raw}: ${message}.`, 'LD_LIBRARY_PATH', v =>
      rest.length > 0 ? setVariable(service, v, rest.join(':')) : gone(v),
    );
  }
  const cuda = variables.get('CUDA_VISIBLE_DEVICES');
  if (cuda && cuda.value !== null && asked.length > 0) {
    const list = cuda.value.split(',').map(v => v.trim());
    const many = asked.find(a => a.wanted.which === 'ids' && a.wanted.ids.length > 0);
    const most = many?.wanted.which === 'ids' ? many.wanted.ids.length : Number.POSITIVE_INFINITY;
    if (cuda.value === '' || list[0] === '-1')
      complain(
        'cuda-visible-devices-wrong',
        'fault',
        `CUDA_VISIBLE_DEVICES=${cuda.raw} hides every GPU from CUDA.`,
        'CUDA_VISIBLE_DEVICES',
        gone,
      );
    else if (list.some(i => /^\d+$/.test(i) && Number(i) >= most))
      complain(
        'cuda-visible-devices-wrong',
        'fault',
        `CUDA_VISIBLE_DEVICES=${cuda.raw} counts as the host does; in the container the ${most === 1 ? 'one GPU is number 0' : `GPUs are numbered 0 to ${most - 1}`}.`,
        'CUDA_VISIBLE_DEVICES',
        gone,
      );
  }
  const visible = variables.get('NVIDIA_VISIBLE_DEVICES');
  const isOff = visible === undefined || ['', 'void', 'none'].includes(visible.value ?? '');
  if (asked.length === 0 && !/^nvidia/.test(world.here.defaultRuntime ?? '')) {
    if (!isOff)
      complain(
        'compose-service-without-gpu-request',
        world.here.defaultRuntime === null ? 'risk' : 'fault',
        `NVIDIA_VISIBLE_DEVICES=${visible?.raw} is set, but the service asks for a GPU in no form and runs with the ordinary runtime: it starts without one.`,
        'NVIDIA_VISIBLE_DEVICES',
        () => asking(service, visible?.value ?? 'all', world.here),
      );
    else if (world.shown?.id === 'compose-service-without-gpu-request' && world.shown.service === service.name)
      found.push({
        id: 'compose-service-without-gpu-request',
        severity: 'fault',
        message: 'The service asks for a GPU in no form, and its container was made without one.',
        service: service.name,
        spot: service.tree.spot,
        works: [],
        rewrite: false,
        repairs: asking(service, 'all', world.here),
      });
    else {
      const image = at(service.tree, 'image');
      const text = filled(textOf(image) ?? '', project.env) ?? '';
      if (image && visible === undefined && imageKnownToAsk(text))
        found.push({
          id: 'compose-service-without-gpu-request',
          severity: 'note',
          message: `The image ${text} is made for a GPU and the service asks for none.`,
          service: service.name,
          spot: image.spot,
          works: [],
          rewrite: false,
        });
    }
  }
  return found;
};
