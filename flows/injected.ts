/** What arrived in the container: from the nodes through NVML down to cuInit (T8, the proof ladder). */
import { check, flow, harm, note, stop, to } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or } from '../src/engine/known.ts';
import { daemonOf } from './probes/docker.ts';
import type { Facts } from './probes/index.ts';
import { isNotThere } from './probes/inside.ts';
import { containerOf } from './probes/subject.ts';
import { capabilitiesOf, driverMounts, hidesAll, isLegacy, mechanisms, tailOf } from './rules/container.ts';

const INSIDE = 'docker exec';
type Inner = Pick<Facts, 'subjectInside' | 'subjectRecord'>;

const inside = (f: Pick<Facts, 'subjectInside'>) => {
  if (f.subjectInside === null) throw new CannotTell([{ unknown: 'unrecorded', probe: 'inside the container' }]);
  return f.subjectInside;
};
/** Driver files that are plain files and were not mounted: the image brought them, and ldconfig keeps them. */
export const bundled = (f: Inner): readonly string[] => {
  const mounted = new Set(
    (containerOf(f.subjectRecord) ? driverMounts(containerOf(f.subjectRecord)!) : []).map(m => m.place),
  );
  const files =
    f.subjectInside === null ? new Map<string, string>() : or(f.subjectInside.files, new Map<string, string>());
  return [...files]
    .filter(([path, kind]) => kind !== 'l' && /\.so\.1$/.test(path) && !mounted.has(path))
    .map(([path]) => path);
};
const bundledSeen = (f: Inner) => bundled(f).map(p => ({ from: `${INSIDE} … ls -ld`, shows: `${p} is a plain file` }));

export const injected = flow({
  id: 'injected',
  title: 'Inside the container',
  about: 'What really arrived: nodes, the tool, the library, CUDA itself.',
  start: 'state',
  nodes: {
    state: check({
      title: 'Started',
      question: 'Did the container start?',
      why: {
        line: 'A refused start and a failing program are two different things.',
        paragraph:
          'If the engine could not start the container, its record holds the reason. If it started and ended, its log does. While it runs, programs inside can be asked.',
        mechanism: 'State.Status, State.Error and State.ExitCode of the inspect record.',
      },
      source: 'field reference 3.1 T8',
      probes: ['subjectRecord', 'subjectInside'],
      bears: 'advice',
      decide: f => {
        const c = containerOf(f.subjectRecord);
        if (c === null) throw new CannotTell([{ unknown: 'unrecorded', probe: 'docker container inspect' }]);
        if (c.status === 'running') return { is: 'runs', found: 'it runs' };
        if (f.subjectInside !== null && !isUnknown(f.subjectInside.smi))
          return { is: 'runs', found: 'a throw-away container asks in its place' };
        if (c.error !== '') return { is: 'refused', found: tailOf(c.error, 160) };
        return { is: 'ended', found: c.startedAt === null ? 'never started' : `ended with ${c.exitCode}` };
      },
      on: { runs: 'nodes', refused: 'refusal', ended: to('image'), cannotTell: to('image') },
    }),
    refusal: check({
      title: 'Refusal',
      question: 'Why did the engine refuse to start it?',
      why: {
        line: 'The text of the refusal names the step that failed.',
        paragraph:
          'Most refusals are about the machine and are judged above. These few are about the image: a program it lacks, another processor, or driver files of its own in the way.',
        mechanism: 'The low-level runtime reports the first thing that failed; everything before it went well.',
      },
      source: 'field reference 3.2; image-nvidia-smi-not-found; image-platform-mismatch; image-bundles-driver-libs',
      probes: ['subjectRecord', 'docker'],
      bears: 'advice',
      decide: f => {
        const c = containerOf(f.subjectRecord);
        const text = c?.error ?? '';
        const seen = [{ from: 'docker inspect, State.Error', shows: tailOf(text, 300) }];
        if (text === '') throw new CannotTell([{ unknown: 'unreadable', probe: 'State.Error' }]);
        if (/exec format error/.test(text)) return { is: 'platform', found: 'a program for another processor', seen };
        if (
          /(libnvidia-ml|libcuda|nvidia-smi)\S*("? to rootfs)?.*(file exists|is a directory|not a directory)/.test(text)
        )
          return { is: 'inTheWay', found: 'a driver file of the image is in the way', seen };
        if (/devices\.allow: permission denied|BPF_CGROUP_DEVICE\) failed: operation not permitted/.test(text))
          return { is: 'rootless', found: 'a rootless engine may not write device rules', seen };
        if (
          /failed to add device rules|BPF_PROG_ATTACH|device cgroup (mount path|version)|no cgroup2 filesystem in mountinfo/.test(
            text,
          )
        )
          return { is: 'rules', found: 'the device rules of this cgroup layout could not be written', seen };
        if (
          /nvidia-container-cli: (container error|mount error: (namespace association|mount operation|stat) failed)/.test(
            text,
          )
        )
          return { is: 'namespace', found: 'the legacy CLI could not enter the container', seen };
        if (/failed to create the automatic CDI modifier|failed to generate CDI spec for mode/.test(text))
          return { is: 'noSpec', found: 'the runtime could not make its own spec', seen };
        if (/unsatisfied condition/.test(text))
          return { is: 'requirement', found: 'the image wants a newer driver', seen };
        // Without a request the tool cannot be there, and the missing request is the cause.
        if (/exec: "?nvidia-smi"?: executable file not found/.test(text))
          return c !== null && mechanisms(c, f).length > 0
            ? { is: 'noTool', found: 'the image has no way to nvidia-smi', seen }
            : { is: 'other', found: 'nvidia-smi is not there, because nothing was asked for' };
        return { is: 'other', found: tailOf(text, 120) };
      },
      on: {
        platform: stop('image-platform-mismatch'),
        inTheWay: stop('image-bundles-driver-libs', to('image')),
        requirement: stop('cuda-requirement-unsatisfied', to('image')),
        noSpec: stop('jit-cdi-generation-failed', to('image')),
        rootless: stop('rootless-cgroup-denied', to('image')),
        rules: stop('bpf-device-filter-error', to('image')),
        namespace: stop('container-namespace-error', to('image')),
        noTool: stop('image-nvidia-smi-not-found', to('image')),
        other: to('image'),
        cannotTell: to('image'),
      },
    }),
    nodes: check({
      title: 'Nodes inside',
      question: 'Are the GPU’s nodes in the container?',
      why: {
        line: 'No nodes means that nothing was injected, whatever the file says.',
        paragraph:
          'The container runs and has no /dev/nvidia*: the request did not reach the injection. Either nothing was asked for, or this machine ignores requests by variable from ordinary containers.',
        mechanism: 'Every mechanism makes the nodes before anything else a program could notice.',
      },
      source: 'field reference 3.1 T8; visible-devices-ignored-unprivileged',
      probes: ['subjectInside', 'subjectRecord', 'config', 'docker'],
      bears: 'advice',
      decide: f => {
        const nodes = need(inside(f).nodes);
        if (nodes.length > 0) return { is: 'present', found: nodes.join(', ') };
        const c = containerOf(f.subjectRecord);
        const by = c === null ? [] : mechanisms(c, f);
        if (by.length === 0) return { is: 'notAsked', found: 'none, and none was asked for' };
        const free = c!.privileged || c!.caps.some(k => /^(CAP_)?SYS_ADMIN$/.test(k));
        if (!f.config.acceptEnv && !free && !by.includes('cdi'))
          return {
            is: 'ignored',
            found: 'none: this machine ignores requests by variable',
            seen: [
              {
                from: '/etc/nvidia-container-runtime/config.toml',
                shows: 'accept-nvidia-visible-devices-envvar-when-unprivileged = false',
              },
              { from: `${INSIDE} … ls /dev`, shows: 'no nvidia node' },
            ],
          };
        throw new CannotTell([
          { unknown: 'unreadable', probe: `why nothing arrived: docker restart ${c!.name}, then look again` },
        ]);
      },
      on: {
        present: 'nvml',
        notAsked: to('image'),
        ignored: stop('visible-devices-ignored-unprivileged', to('image')),
        cannotTell: 'nvml',
      },
    }),
    nvml: check({
      title: 'nvidia-smi inside',
      question: 'Does nvidia-smi answer in the container?',
      why: {
        line: 'It needs two nodes and one library; its words tell which is missing.',
        paragraph:
          'Unknown Error: the node is there and may not be opened. Insufficient Permissions: a policy or the mode of the node. No library: the image keeps one of its own, or its loader cache was not refreshed.',
        mechanism:
          'A legacy container loses the device rule when systemd applies its own again; with no-cgroups it never had one. Exit 12 means that libnvidia-ml was not found.',
      },
      source:
        'field reference 3.1 T8; cgroup-lost-after-daemon-reload; no-cgroups-true-on-rootful; selinux-denied; image-bundles-driver-libs',
      probes: ['subjectInside', 'subjectRecord', 'subjectHost', 'config', 'docker', 'toolkit', 'where', 'smi'],
      bears: 'advice',
      decide: f => {
        const { smi, cuda, nodes } = inside(f);
        const { code, says } = need(smi);
        const seen = [{ from: `${INSIDE} … nvidia-smi -L`, shows: says || `exit ${code}` }];
        if (code === 0 && /GPU \d/.test(says)) return { is: 'answers', found: says.split('\n')[0]! };
        if (code === 127 || code === 126 || isNotThere(says)) {
          if (or(nodes, []).length === 0)
            throw new CannotTell([{ unknown: 'absent', probe: 'nvidia-smi in the container' }]);
          const proven = !isUnknown(cuda) && cuda.init === 0;
          return proven
            ? { is: 'notNeeded', found: 'not in the image; CUDA works without it', seen }
            : { is: 'noTool', found: 'nodes are there, nvidia-smi cannot be run', seen };
        }
        if (/Unknown Error/i.test(says)) {
          const rootful = !(daemonOf(f.docker)?.rootless ?? false);
          // Whoever gets the nodes in the spec of the container cannot lose them to systemd.
          if (containerOf(f.subjectRecord) !== null && isLegacy(containerOf(f.subjectRecord)!, f) === false)
            throw new CannotTell([{ unknown: 'unreadable', probe: 'NVML in the container: Unknown Error' }]);
          return f.config.noCgroups && rootful
            ? { is: 'noCgroups', found: 'the node may not be opened: no-cgroups is set', seen }
            : { is: 'lost', found: 'the container lost the right to the nodes', seen };
        }
        if (code === 4 || /Insufficient Permissions/i.test(says)) {
          const host = f.subjectHost;
          const denials = host === null ? '' : or(host.denials, '');
          const more = denials === '' ? [] : [{ from: 'journalctl -k', shows: denials }];
          if (/apparmor/.test(denials))
            return { is: 'apparmor', found: 'AppArmor denies it', seen: [...seen, ...more] };
          const confined = containerOf(f.subjectRecord);
          const isFree = confined?.privileged === true || confined?.security.some(s => /^label[=:]disable$/.test(s));
          if (host !== null && or(host.selinux, null) === 'Enforcing' && !isFree)
            return {
              is: 'selinux',
              found: 'SELinux is enforcing',
              seen: [...seen, { from: '/sys/fs/selinux/enforce', shows: '1' }, ...more],
            };
          return { is: 'mode', found: 'the mode of the nodes', seen };
        }
        if (code === 12 || /couldn't find libnvidia-ml/i.test(says))
          return bundled(f).length > 0
            ? { is: 'bundled', found: 'the image has a libnvidia-ml of its own', seen: [...seen, ...bundledSeen(f)] }
            : { is: 'noCache', found: 'the loader does not find the injected library', seen };
        throw new CannotTell([{ unknown: 'unreadable', probe: `nvidia-smi in the container (exit ${code})` }]);
      },
      on: {
        answers: 'cuda',
        notNeeded: note('image-nvidia-smi-not-found', 'cuda'),
        noTool: harm('image-nvidia-smi-not-found', 'cuda'),
        noCgroups: stop('no-cgroups-true-on-rootful', to('image')),
        lost: stop('cgroup-lost-after-daemon-reload', to('image')),
        selinux: stop('selinux-denied', to('image')),
        apparmor: stop('apparmor-or-seccomp-denied', to('image')),
        mode: stop('device-node-permissions', to('image')),
        bundled: stop('image-bundles-driver-libs', to('image')),
        noCache: stop('container-ldcache-not-updated', to('image')),
        cannotTell: 'cuda',
      },
    }),
    cuda: check({
      title: 'cuInit',
      question: 'Does CUDA start in the container?',
      why: {
        line: '0 from cuInit proves the injection; what fails after it is the image’s.',
        paragraph:
          'nvidia-smi may work while CUDA does not: CUDA also needs /dev/nvidia-uvm, its own library and, on some machines, the fabric. The number that cuInit returns names the cause.',
        mechanism:
          '100 no device, 999 nearly always nvidia-uvm, 802 fabric not ready, 803 and 804 another libcuda than the driver’s, 35 driver too old, 34 a stub.',
      },
      source: 'field reference, verification ladder V4; 3.1 T8',
      probes: ['nodes', 'subjectInside', 'subjectRecord', 'docker', 'config', 'toolkit', 'where', 'smi'],
      bears: 'advice',
      decide: f => {
        const at = inside(f);
        const cuda = need(at.cuda);
        const c = containerOf(f.subjectRecord);
        const env = c?.env ?? {};
        const { init, count, from } = cuda;
        const seen = [
          {
            from: `${INSIDE} … python3, cuInit`,
            shows: init === null ? cuda.load : `cuInit ${init}, ${String(count)} devices, ${from || 'libcuda.so.1'}`,
          },
        ];
        const more = [...seen, ...bundledSeen(f)];
        if (init === 0 && (count ?? 0) > 0)
          return { is: 'proven', found: `cuInit 0, ${count} device${count === 1 ? '' : 's'}` };
        if (init === null) {
          if (bundled(f).length > 0) return { is: 'bundled', found: 'the libcuda of the image is loaded', seen: more };
          if (c !== null && isLegacy(c, f) === true && !capabilitiesOf(env).some(w => w === 'compute' || w === 'all'))
            return { is: 'noCompute', found: 'libcuda was not asked for', seen };
          throw new CannotTell([{ unknown: 'absent', probe: `libcuda in the container: ${cuda.load}` }]);
        }
        const hides = c === null ? null : hidesAll(c, f);
        const hidden = (how: string) => ({
          is: 'hidden' as const,
          found: `CUDA_VISIBLE_DEVICES ${how}`,
          seen: [...seen, { from: 'docker inspect', shows: `CUDA_VISIBLE_DEVICES=${env.CUDA_VISIBLE_DEVICES}` }],
        });
        if ((init === 0 || init === 100) && hides !== null) return hidden(hides);
        if ((init === 100 || init === 999) && !isUnknown(at.nodes) && !at.nodes.includes('nvidia-uvm'))
          return or(f.nodes.present, new Set<string>()).has('nvidia-uvm')
            ? {
                is: 'early',
                found: 'the node is on the host; the container started before it was made',
                seen: [...seen, { from: '/dev', shows: 'nvidia-uvm is there' }],
              }
            : { is: 'noUvm', found: 'no /dev/nvidia-uvm in the container', seen };
        // Numbers and UUIDs that fit hide nothing; of any other name only CUDA itself can tell.
        if ((init === 0 || init === 100) && /^(?!\d|GPU-)/.test(env.CUDA_VISIBLE_DEVICES ?? '0'))
          return hidden('may hide it');
        if (init === 802) return { is: 'fabric', found: 'the fabric is not ready', seen };
        if (init === 803 || init === 804)
          return bundled(f).length > 0 && !/compat/.test(from)
            ? { is: 'bundled', found: 'the libcuda of the image is loaded', seen: more }
            : { is: 'compat', found: `${from || 'another libcuda'} does not fit the driver`, seen };
        if (init === 35) return { is: 'old', found: 'the driver is too old for this image', seen };
        if (init === 34 || init === 3) return { is: 'stub', found: 'a stub of libcuda is loaded', seen };
        throw new CannotTell([{ unknown: 'unreadable', probe: `cuInit in the container (${init})` }]);
      },
      on: {
        proven: to('image'),
        bundled: harm('image-bundles-driver-libs', to('image')),
        noCompute: harm('driver-capabilities-missing', to('image')),
        hidden: harm('cuda-visible-devices-wrong', to('image')),
        early: harm('nvidia-uvm-missing', to('image')),
        noUvm: harm('nvidia-uvm-missing', to('image')),
        fabric: harm('fabric-manager-not-running', to('image')),
        compat: harm('cuda-compat-conflict', to('image')),
        old: harm('cuda-requirement-unsatisfied', to('image')),
        stub: harm('image-stub-libcuda', to('image')),
        cannotTell: to('image'),
      },
    }),
  },
});
