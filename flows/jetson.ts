/** A Jetson: release and chip, a toolkit that knows it, and what the containers here ask for (J). */
import { check, flow, harm, risk, to } from '../src/engine/flow.ts';
import { isUnknown, need, or } from '../src/engine/known.ts';
import { boardOf, imageFits, readsThor, sayBoard } from './rules/tegra.ts';

const RELEASE = '/etc/nv_tegra_release';

export const jetson = flow({
  id: 'jetson',
  title: 'Jetson',
  about: 'On a Jetson the GPU is part of the chip, and lists of files take the place of an ordinary driver.',
  start: 'release',
  nodes: {
    release: check({
      title: 'Jetson release',
      question: 'Which release of Jetson Linux is this, on which kind of board?',
      why: {
        line: 'JetPack 6 and 7 differ in libraries, images and toolkit.',
        paragraph:
          'Up to JetPack 6 a Jetson has a driver of its own and needs images made for it. Thor with JetPack 7 has an ordinary driver and takes ordinary CUDA images for arm64, yet the toolkit still injects by lists.',
        mechanism:
          'R35 is JetPack 5, R36 JetPack 6, R38 and R39 JetPack 7. The libraries lie below aarch64-linux-gnu/nvidia from R36 on, before below /tegra.',
      },
      source: 'field reference 1.9; 3.1 J; seed 3',
      probes: ['where', 'smi'],
      bears: 'advice',
      decide: f => {
        need(f.where.tegra);
        const board = boardOf(f);
        return board?.release === null || board === null
          ? { is: 'board', found: board?.thor ? 'Thor, release not known' : 'release not known' }
          : { is: 'known', found: sayBoard(board) };
      },
      on: { known: 'toolkit', board: 'toolkit', cannotTell: 'toolkit' },
    }),
    toolkit: check({
      title: 'Toolkit for Thor',
      question: 'Does the toolkit recognise this board?',
      why: {
        line: 'Before 1.17.7 the toolkit takes Thor for an ordinary GPU machine.',
        paragraph:
          'Thor has a loadable NVML, so an older toolkit injects the set of a discrete card and leaves the nodes of Tegra out. With the GPU Operator its own copy counts, not the one of the host.',
        mechanism:
          'The platform test looks for Tegra files without NVML; from 1.17.7 a device called NVIDIA Thor or (nvgpu) means Tegra all the same. 1.19 adds group ids and CUDA compatibility there.',
      },
      source: 'tegra-thor-misdetected; seed 3, Root Cause 1 and 5 (it does not record the version)',
      probes: ['where', 'smi', 'toolkit', 'config', 'operator'],
      bears: 'advice',
      decide: f => {
        if (boardOf(f)?.thor !== true) return { is: 'notThor', found: 'no Thor; recognised by its files' };
        const own = or(f.operator.toolkit, false);
        const version = own ? f.operator.toolkitVersion : f.toolkit.version;
        const name = own ? 'the Operator’s nvidia-ctk --version' : 'nvidia-ctk --version';
        if (need(version) === null) return { is: 'none', found: 'no toolkit yet' };
        const mode = own ? f.operator.mode : f.config.mode;
        if (readsThor(version)) return { is: 'recognised', found: `toolkit ${String(version)}` };
        return mode === 'csv'
          ? { is: 'bridged', found: `toolkit ${String(version)}, told by mode = "csv"` }
          : {
              is: 'tooOld',
              found: `toolkit ${String(version)} does not know Thor`,
              seen: [
                { from: name, shows: String(version) },
                { from: RELEASE, shows: or(f.where.tegra, null) ?? '' },
              ],
            };
      },
      on: {
        notThor: 'requests',
        none: 'requests',
        recognised: 'requests',
        bridged: 'requests',
        tooOld: harm('tegra-thor-misdetected', 'requests'),
        cannotTell: 'requests',
      },
    }),
    requests: check({
      title: 'Requests on a Jetson',
      question: 'Do the containers here ask for the one GPU, by a name that exists?',
      why: {
        line: 'A Jetson has one GPU, called all or 0; a runtime alone asks for none.',
        paragraph:
          'With the nvidia runtime and no NVIDIA_VISIBLE_DEVICES nothing is injected, in any mode. Another index, a UUID or a MIG name is refused, because the lists know one device only.',
        mechanism:
          'csv mode compares with all and 0 (unsupported device id). nvidia-ctk cdi generate --mode=csv prints the names that exist.',
      },
      source: 'tegra-no-request; tegra-unsupported-request; field reference 1.9',
      probes: ['workloads', 'wanted'],
      bears: 'advice',
      decide: f => {
        const inspect = 'docker inspect';
        const other = f.wanted
          .flatMap(w => w.devices.map(d => ({ ...d, container: w.container })))
          .find(d => d.from !== 'CUDA_VISIBLE_DEVICES' && !/^((nvidia\.com\/gpu=)?(all|0)|void|none|)$/.test(d.name));
        if (other)
          return {
            is: 'other',
            found: `${other.container} asks for ${other.name}`,
            seen: [{ from: `${inspect} ${other.container}`, shows: `${other.from}: ${other.name}` }],
          };
        const silent = (isUnknown(f.workloads) ? [] : f.workloads).find(
          c =>
            c.runtime === 'nvidia' &&
            c.env.NVIDIA_DRIVER_CAPABILITIES !== undefined &&
            !c.env.NVIDIA_VISIBLE_DEVICES?.replace('void', ''),
        );
        return silent
          ? {
              is: 'silent',
              found: `${silent.name} asks for no GPU`,
              seen: [
                {
                  from: `${inspect} ${silent.name}`,
                  shows: 'runtime nvidia, capabilities set, NVIDIA_VISIBLE_DEVICES unset',
                },
              ],
            }
          : { is: 'fine', found: 'none asks for another device' };
      },
      on: {
        fine: 'images',
        other: risk('tegra-unsupported-request', 'images'),
        silent: risk('tegra-no-request', 'images'),
        cannotTell: 'images',
      },
    }),
    images: check({
      title: 'Images on a Jetson',
      question: 'Were the images made for this release?',
      why: {
        line: 'Orin needs images of its L4T release, Thor ordinary arm64 ones.',
        paragraph:
          'An image for JetPack 5 misses libraries on JetPack 6, one for arm64 servers does not run on an Orin, and one for the integrated GPU of Orin does not run on Thor. Take the family that fits the release.',
        mechanism:
          'L4T images carry the release in their tag, r36.4; server images are marked sbsa. With the wrong family cuInit answers 999 or 100, or no kernel image fits.',
      },
      source: 'tegra-image-mismatch',
      probes: ['where', 'smi', 'workloads', 'kubeApi'],
      bears: 'advice',
      decide: f => {
        const board = boardOf(f);
        if (board === null) return { is: 'fit', found: 'not known' };
        const used = [
          ...(isUnknown(f.workloads) ? [] : f.workloads.map(c => ({ by: `docker inspect ${c.name}`, image: c.image }))),
          ...or(f.kubeApi.pods, []).flatMap(p => p.containers.map(c => ({ by: `pod ${p.name}`, image: c.image }))),
        ];
        const wrong = used.find(u => imageFits(u.image, board) === false);
        return wrong
          ? {
              is: 'other',
              found: `${wrong.image} on ${sayBoard(board)}`,
              seen: [
                { from: wrong.by, shows: `image ${wrong.image}` },
                { from: RELEASE, shows: or(f.where.tegra, null) ?? '' },
              ],
            }
          : { is: 'fit', found: 'none of another release' };
      },
      on: { fit: 'nvmap', other: risk('tegra-image-mismatch', 'nvmap'), cannotTell: 'nvmap' },
    }),
    nvmap: check({
      title: 'Tegra memory node',
      question: 'Do containers get /dev/nvmap, which CUDA of an Orin needs?',
      why: {
        line: 'A list without /dev/nvmap leaves CUDA of an Orin without memory.',
        paragraph:
          'Programs then write NvRmMemInitNvmap failed. For NVML that is noise, for CUDA on the integrated GPU it is the fault. One call in the container decides: cuInit answers 0 where it is noise.',
        mechanism:
          'The node belongs to group video. Toolkit 1.19 and later hands the group on; before, --group-add video does. devices.csv must hold "dev, /dev/nvmap".',
      },
      source: 'tegra-nvmap-noise; seed 3, Issue 3',
      probes: ['nvmap', 'csvLines', 'where', 'smi'],
      bears: 'advice',
      decide: f => {
        if (boardOf(f)?.thor === true || or(f.nvmap.exists, false) !== true)
          return { is: 'notNeeded', found: 'not needed here' };
        const devices = f.csvLines.paths.filter(p => p.kind === 'dev');
        if (devices.length === 0 || devices.some(p => p.path === '/dev/nvmap'))
          return { is: 'listed', found: 'listed' };
        return {
          is: 'notListed',
          found: 'no list names /dev/nvmap',
          seen: [
            { from: 'devices.csv', shows: `${devices.length} nodes, /dev/nvmap is not among them` },
            { from: '/dev/nvmap', shows: `mode ${f.nvmap.mode.toString(8)}, group ${f.nvmap.gid}` },
          ],
        };
      },
      on: {
        notNeeded: to('request'),
        listed: to('request'),
        notListed: risk('tegra-nvmap-noise', to('request')),
        cannotTell: to('request'),
      },
    }),
  },
});
