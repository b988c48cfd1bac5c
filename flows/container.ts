/** One container or image that a person named: how it asks for the GPU, before anything is tried (T5). */
import { check, flow, harm, risk, stop, to } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or } from '../src/engine/known.ts';
import type { SwarmTask } from './probes/container-record.ts';
import { daemonOf } from './probes/docker.ts';
import type { Facts } from './probes/index.ts';
import {
  askedIds,
  capabilitiesOf,
  cudaOf,
  isAsExpected,
  isLegacy,
  isNvidiaRuntime,
  KNOWN_CAPABILITIES,
  mechanisms,
  mechanismWords,
  meetsCuda,
  mixesNames,
  named,
  recordOf,
  requiredCuda,
  skipsRequire,
} from './rules/container.ts';
import { lacking } from './rules/swarm.ts';

const INSPECT = 'docker inspect';

type Seen = readonly { readonly from: string; readonly shows: string }[];

/** A task of Swarm that no GPU came with: what was given to it, and whether the toolkit would take it for one. */
const fromSwarm = (task: SwarmTask, f: Pick<Facts, 'config' | 'toolkit'>, seen: Seen) => {
  const given = Object.entries(need(task.given)).map(([name, value]) => `${name}=${value}`);
  if (given.length > 0) {
    need(f.config.text);
    need(f.toolkit.version);
  }
  return {
    is: 'swarm' as const,
    found: `a task of the Swarm service ${task.service}, to which no GPU was given`,
    seen: [
      ...seen,
      { from: INSPECT, shows: `task of ${task.service}; generic resources: ${given.join(' ') || 'none'}` },
    ],
  };
};

/** A service that asks for a GPU which no node offers has no container anywhere; null where it is not that. */
const waiting = (f: Pick<Facts, 'subjectService' | 'docker'>) => {
  const service = or(f.subjectService, null);
  if (service === null || service.waits === null) return null;
  const lacks = lacking(service, daemonOf(f.docker)?.offers ?? []);
  if (lacks === null) return null;
  return {
    is: 'waits' as const,
    found: `a task of the Swarm service ${service.name} waits for ${lacks}, which this node does not offer`,
    seen: [{ from: 'docker service ps', shows: service.waits }],
  };
};

export const container = flow({
  id: 'container',
  title: 'One container',
  about: 'What one container really asked for; its file may say something else.',
  start: 'known',
  nodes: {
    known: check({
      title: 'Named',
      question: 'Is there a container or an image of that name here?',
      why: {
        line: 'What was never created or pulled cannot tell anything about the GPU.',
        paragraph:
          'The name may be a container, running or not, an image, or a service of Swarm. If this machine knows none, nothing about the GPU has been tested yet.',
        mechanism:
          'docker container inspect and docker image inspect are asked, and docker service inspect on a manager of Swarm; nothing is pulled.',
      },
      source: 'image-not-present; swarm-service-no-gpu; field reference 3.1 T9',
      probes: ['subject', 'subjectRecord', 'subjectService', 'docker'],
      decide: f => {
        if (f.subjectRecord === null)
          throw new CannotTell([{ unknown: 'unrecorded', probe: 'no container was named' }]);
        const c = f.subjectRecord.container;
        if (!isUnknown(c) && c !== null) return { is: 'container', found: `${c.name}, ${c.status}, from ${c.image}` };
        const image = need(f.subjectRecord.image);
        if (image !== null) return { is: 'image', found: `an image for ${image.os}/${image.arch}` };
        need(c);
        const waits = waiting(f);
        if (waits !== null) return waits;
        return {
          is: 'absent',
          found: `neither a container nor an image is called ${named(f)} here`,
          seen: [{ from: 'docker image inspect', shows: `no such image: ${named(f)}` }],
        };
      },
      on: {
        container: 'asks',
        image: to('image'),
        waits: stop('swarm-service-no-gpu'),
        absent: stop('image-not-present'),
        cannotTell: 'asks',
      },
    }),
    asks: check({
      title: 'Asked for',
      question: 'Does this container ask for a GPU?',
      why: {
        line: 'Without a request nothing is injected, and nothing complains.',
        paragraph:
          'The record of the engine shows what was really asked for: a runtime, a device request, a CDI name. A request in another file, profile or service, or one that was added after the container was created, is not there.',
        mechanism:
          'HostConfig.Runtime, HostConfig.DeviceRequests and HostConfig.Devices, and with the nvidia runtime the variable NVIDIA_VISIBLE_DEVICES. A task of Swarm has no device requests; there the variable that swarm-resource names counts first.',
      },
      source:
        'field reference 3.1 T5; compose-service-without-gpu-request; visible-devices-unset; swarm-service-no-gpu',
      probes: ['subjectRecord', 'docker', 'config', 'toolkit'],
      decide: f => {
        const c = recordOf(f);
        const by = mechanisms(c, f);
        const seen = [
          {
            from: INSPECT,
            shows: `Runtime ${c.runtime || 'default'}, DeviceRequests ${c.requests.length === 0 ? 'null' : c.requests.length}, Devices ${c.devices.length === 0 ? 'null' : c.devices.join(' ')}, NVIDIA_VISIBLE_DEVICES ${c.env.NVIDIA_VISIBLE_DEVICES ?? 'unset'}`,
          },
          ...(c.service === '' ? [] : [{ from: INSPECT, shows: `Compose service ${c.service} of ${c.composeFiles}` }]),
        ];
        const asks = by.filter(m => m !== 'mounts' && m !== 'nodes');
        if (asks.length > 0) return { is: 'asks', found: asks.map(m => mechanismWords[m]).join(' and ') };
        if (by.length > 0 || c.mounts.some(m => m.place === '/dev'))
          return { is: 'byHand', found: 'only nodes and files of the host, no request', seen };
        if (c.task !== null) return fromSwarm(c.task, f, seen);
        if (isNvidiaRuntime(c, f))
          return { is: 'unset', found: 'the nvidia runtime, and nothing says which GPU', seen };
        return { is: 'nothing', found: 'no GPU was asked for', seen };
      },
      on: {
        asks: 'mixed',
        byHand: to('extras'),
        swarm: stop('swarm-service-no-gpu', to('extras')),
        unset: stop('visible-devices-unset', to('extras')),
        nothing: stop('compose-service-without-gpu-request', to('extras')),
        // Without a record nothing further about the container can be told.
        cannotTell: to('image'),
      },
    }),
    mixed: check({
      title: 'Kinds of names',
      question: 'Does one value hold plain numbers and CDI names together?',
      why: {
        line: 'One variable must not hold both kinds of names.',
        paragraph:
          'NVIDIA_VISIBLE_DEVICES may hold numbers and UUIDs, or CDI names. Both in one value is refused, or read as an unknown device.',
        mechanism:
          'In mode auto of toolkit 1.20.0 the plain ones become runtime.nvidia.com devices, which may not stand beside others; 1.17.8 looks for a device of that whole name. Mode cdi accepts it.',
      },
      source: 'mixed-runtime-and-vendor-cdi',
      probes: ['subjectRecord', 'config', 'docker'],
      decide: f => {
        const c = recordOf(f);
        if (!isNvidiaRuntime(c, f) || !mixesNames(c)) return { is: 'oneKind' };
        if (f.config.mode === 'cdi') return { is: 'oneKind', found: 'mixed, which mode cdi accepts' };
        return {
          is: 'both',
          found: 'plain ids and CDI names in one value',
          seen: [{ from: INSPECT, shows: `NVIDIA_VISIBLE_DEVICES=${c.env.NVIDIA_VISIBLE_DEVICES}` }],
        };
      },
      on: { oneKind: 'device', both: stop('mixed-runtime-and-vendor-cdi', to('extras')), cannotTell: 'device' },
    }),
    device: check({
      title: 'Which GPU',
      question: 'Does the GPU it asks for exist here?',
      why: {
        line: 'An index or UUID that this machine does not have stops the start.',
        paragraph:
          'Numbers begin at 0 and count up; --gpus 2 means the GPUs 0 and 1, not any two. A UUID changes with the card. UUIDs of this machine are the safest names.',
        mechanism:
          'The legacy CLI compares with NVML, jit-cdi as well, native CDI with the names in the spec. The same index twice gives no device with jit-cdi 1.20.0.',
      },
      source: 'visible-devices-unknown; field reference 1.8',
      probes: ['subjectRecord', 'smi', 'cdiSpecs', 'docker'],
      decide: f => {
        const ids = askedIds(recordOf(f), f);
        const wrong = ids.find(id => isAsExpected(id, f) === false);
        const twice = ids.find((id, i) => ids.indexOf(id) !== i);
        const seen = [
          { from: INSPECT, shows: `asks for ${ids.join(', ')}` },
          { from: 'nvidia-smi -L', shows: f.smi.says },
        ];
        if (wrong !== undefined) return { is: 'unknown', found: `there is no GPU ${wrong} here`, seen };
        if (twice !== undefined) return { is: 'unknown', found: `${twice} is asked for twice`, seen };
        if (ids.some(id => isAsExpected(id, f) === null))
          throw new CannotTell([{ unknown: 'unreadable', probe: 'nvidia-smi -L' }]);
        return { is: 'exists', found: ids.join(', ') };
      },
      on: {
        exists: 'capabilities',
        unknown: stop('visible-devices-unknown', 'capabilities'),
        cannotTell: 'capabilities',
      },
    }),
    capabilities: check({
      title: 'Capabilities',
      question: 'Does it ask for the parts of the driver that it needs?',
      why: {
        line: 'In the legacy way this variable decides which libraries arrive.',
        paragraph:
          'Without utility there is no nvidia-smi and no NVML, without compute no CUDA. A word that the hook does not know stops the start. The other ways bring everything whatever it says.',
        mechanism:
          'NVIDIA_DRIVER_CAPABILITIES is read by the hook; unset means utility,compute. jit-cdi and CDI always bring compute and utility.',
      },
      source: 'driver-capabilities-missing; driver-capabilities-unsupported; field reference 1.8',
      probes: ['subjectRecord', 'docker', 'config', 'toolkit', 'where', 'smi'],
      bears: 'advice',
      decide: f => {
        const c = recordOf(f);
        const words = capabilitiesOf(c.env);
        const seen = [{ from: INSPECT, shows: `NVIDIA_DRIVER_CAPABILITIES=${c.env.NVIDIA_DRIVER_CAPABILITIES ?? ''}` }];
        const odd = words.find(w => !KNOWN_CAPABILITIES.includes(w));
        const lacks = ['compute', 'utility'].filter(w => !words.includes(w) && !words.includes('all'));
        if (odd === undefined && lacks.length === 0) return { is: 'enough', found: words.join(', ') };
        const legacy = isLegacy(c, f);
        if (legacy === null) throw new CannotTell([{ unknown: 'unreadable', probe: 'how this container is served' }]);
        if (!legacy) return { is: 'enough', found: 'not filtered in this form of request' };
        return odd !== undefined
          ? { is: 'unsupported', found: `the hook does not know "${odd}"`, seen }
          : { is: 'missing', found: `${lacks.join(' and ')} not asked for`, seen };
      },
      on: {
        enough: 'requirement',
        unsupported: stop('driver-capabilities-unsupported', 'requirement'),
        missing: harm('driver-capabilities-missing', 'requirement'),
        cannotTell: 'requirement',
      },
    }),
    requirement: check({
      title: 'CUDA of the image',
      question: 'Is the driver new enough for this image?',
      why: {
        line: 'Images state which CUDA version the driver must serve.',
        paragraph:
          'An image built for a newer CUDA than the driver serves is refused at the start, or fails in the program where nothing checks. An older tag of the image or a newer driver helps; skipping the check only moves the failure.',
        mechanism:
          'NVIDIA_REQUIRE_CUDA is evaluated by the legacy CLI and in csv mode only. Data-center cards can use the cuda-compat package of the image.',
      },
      source: 'cuda-requirement-unsatisfied',
      probes: ['subjectRecord', 'driver', 'docker', 'config', 'toolkit', 'where', 'smi'],
      bears: 'advice',
      decide: f => {
        const c = recordOf(f);
        const needs = requiredCuda(c.env);
        if (needs === null) return { is: 'met' };
        const driver = need(f.driver.loaded);
        const has = cudaOf(driver) ?? 'another version';
        const meets = driver === null ? true : meetsCuda(c.env, driver);
        if (meets === null)
          throw new CannotTell([
            { unknown: 'unreadable', probe: `which CUDA version driver ${driver} serves on this card` },
          ]);
        if (meets) return { is: 'met', found: `wants CUDA ${needs}, the driver serves ${has}` };
        const seen = [
          { from: INSPECT, shows: `NVIDIA_REQUIRE_CUDA=${c.env.NVIDIA_REQUIRE_CUDA}` },
          { from: f.driver.loadedFrom, shows: `driver ${String(f.driver.loaded)} serves CUDA ${has}` },
        ];
        if (!skipsRequire(c.env.NVIDIA_DISABLE_REQUIRE) && isLegacy(c, f) === true)
          return { is: 'unmet', found: `wants CUDA ${needs}, the driver serves ${has}`, seen };
        return {
          is: 'unchecked',
          found: `wants CUDA ${needs}, the driver serves ${has}; nothing checks it here`,
          seen,
        };
      },
      on: {
        met: to('extras'),
        unmet: stop('cuda-requirement-unsatisfied', to('extras')),
        unchecked: risk('cuda-requirement-unsatisfied', to('extras')),
        cannotTell: to('extras'),
      },
    }),
  },
});
