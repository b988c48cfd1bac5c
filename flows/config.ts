import { check, flow, stop, to } from '../src/engine/flow.ts';
import { CannotTell, need, or } from '../src/engine/known.ts';
import type { Facts } from './probes/index.ts';
import { CONFIG } from './probes/toolkit.ts';
import { ldconfigRefused, noLowLevel, unknownMode, unreadable } from './rules/config-faults.ts';
import { gpusByRuntime, modeInForce, resolveMode, resolvesTegra } from './rules/mode.ts';
import { atLeast, since } from './rules/version.ts';

const at = (shows: string) => [{ from: CONFIG, shows }];

/** csv serves a Jetson; on another machine only where somebody made lists for it. */
const csvHere = (f: Pick<Facts, 'where' | 'csvLists'>, found: string) =>
  need(f.where.tegra) === null && or(f.csvLists.lists, []).length === 0
    ? ({ is: 'csvElsewhere', found: 'csv, on a machine that is no Jetson', seen: at('mode = "csv"') } as const)
    : ({ is: 'csv', found } as const);

/** The toolkit's own configuration, read by the hook and by the runtime at every container start. */
export const config = flow({
  id: 'config',
  title: 'Toolkit configuration',
  about: 'What /etc/nvidia-container-runtime/config.toml makes of a request.',
  start: 'readable',
  nodes: {
    readable: check({
      title: 'config.toml',
      question: 'Does the configuration of the toolkit parse?',
      why: {
        line: 'The hook and the runtime read this file at every start; a broken one stops both.',
        paragraph:
          'Through --runtime=nvidia Docker only says that the runtime did not terminate successfully. A file that is not there is fine: defaults apply.',
        mechanism:
          "The file is TOML; line and column of the fault are in the hook's own message. nvidia-ctk cdi commands never read it.",
      },
      source: 'config-toml-invalid; field reference 1.4',
      probes: ['config', 'configPaths', 'toolkit'],
      decide: f => {
        const text = need(f.config.text);
        const fault = unreadable(f);
        return fault
          ? { is: 'broken', ...fault }
          : { is: 'parses', found: text === null ? 'no file, defaults apply' : `readable, mode ${f.config.mode}` };
      },
      on: { parses: 'values', broken: stop('config-toml-invalid'), cannotTell: 'values' },
    }),
    values: check({
      title: 'Settings',
      question: 'Are the settings ones that this toolkit knows?',
      why: {
        line: 'nvidia-ctk config --set writes any value without checking it.',
        paragraph:
          'A mode that does not exist, or an empty list of runtimes, is accepted by the tool and refused at the next container start.',
        mechanism:
          'Modes are auto, legacy, cdi, csv and, from 1.18, jit-cdi, in lower case. The hook accepts nonsense this far and refuses it as "not legacy".',
      },
      source: 'config-toml-invalid; low-level-runtime-not-found; field reference 1.3',
      probes: ['config', 'configPaths', 'toolkit'],
      decide: (f, r) => {
        const badMode = unknownMode(f);
        if (badMode) return { is: 'badMode', ...badMode };
        const none = r.way === 'docker-gpus' ? null : noLowLevel(f);
        return none ? { is: 'noLowLevel', ...none } : { is: 'fine', found: `mode ${f.config.mode}` };
      },
      on: {
        fine: 'ldconfigValue',
        badMode: stop('config-toml-invalid', 'ldconfigValue'),
        noLowLevel: stop('low-level-runtime-not-found', 'ldconfigValue'),
        cannotTell: 'ldconfigValue',
      },
    }),
    ldconfigValue: check({
      title: 'ldconfig setting',
      question: 'Does the ldconfig setting name a program of the host (with @)?',
      why: {
        line: 'The @ means "run the host\'s program"; without it the image decides what runs.',
        paragraph:
          'From 1.17.3 a path without @ is refused, because a program of the image would run with the rights of the runtime. An empty value is refused as well.',
        mechanism:
          'The check stands before the mode is resolved, so it stops the hook and the runtime in every mode (CVE-2024-0135 to 0137).',
      },
      source: 'ldconfig-container-path-rejected; seed 0, Fix 1 (keep the @: right)',
      probes: ['config', 'configPaths', 'toolkit'],
      decide: f => {
        const refused = ldconfigRefused(f);
        return refused ? { is: 'rejected', ...refused } : { is: 'host', found: f.config.ldconfig ?? 'default' };
      },
      on: { host: 'accepts', rejected: stop('ldconfig-container-path-rejected', 'accepts'), cannotTell: 'accepts' },
    }),
    accepts: check({
      title: 'Environment requests',
      question: 'Are requests by environment variable accepted?',
      why: {
        line: 'A hardened node ignores NVIDIA_VISIBLE_DEVICES of ordinary containers.',
        paragraph:
          'The container starts and has no GPU, without an error. --gpus on the hook path passes its request the same way and is ignored too.',
        mechanism:
          'accept-nvidia-visible-devices-envvar-when-unprivileged = false; privileged containers and CAP_SYS_ADMIN are exempt, native CDI is not touched.',
      },
      source: 'visible-devices-ignored-unprivileged',
      probes: ['config'],
      decide: f =>
        f.config.acceptEnv
          ? { is: 'accepted', found: 'accepted' }
          : {
              is: 'ignored',
              found: 'ignored for unprivileged containers',
              seen: at('accept-nvidia-visible-devices-envvar-when-unprivileged = false'),
            },
      on: { accepted: 'mode', ignored: stop('visible-devices-ignored-unprivileged', 'mode'), cannotTell: 'mode' },
    }),
    mode: check({
      title: 'Mode',
      question: 'Which mode does this request resolve to, and does it serve the request?',
      why: {
        line: 'The mode decides who injects the GPU; the hook serves only auto and legacy.',
        paragraph:
          'auto is the official default: legacy up to toolkit 1.17, a spec made in memory (jit-cdi) from 1.18, CDI when only CDI names are asked for, CSV on a Jetson. Setting cdi for everything breaks plain --gpus on Docker before 29.2.',
        mechanism:
          'Hook and runtime share one resolver. The hook takes legacy as its default and refuses any other result, pointing to --runtime=nvidia.',
      },
      source: 'hook-in-nonlegacy-mode; tegra-gpus-flag; visible-devices-unknown; field reference 1.3; seed 0, Fix 2',
      probes: ['config', 'toolkit', 'where', 'smi', 'docker', 'csvLists'],
      decide: (f, r) => {
        const set = modeInForce(f);
        if (r.way === 'docker-gpus') {
          if ((set === 'auto' && resolvesTegra(f)) || (set === 'csv' && need(f.where.tegra) !== null))
            return {
              is: 'tegraGpus',
              found: 'csv is the mode here, and the hook serves no csv',
              seen: [{ from: '/etc/nv_tegra_release', shows: 'a Tegra machine' }],
            };
          if (set === 'auto' || set === 'legacy' || f.config.skipModeDetection)
            return { is: 'legacy', found: `${set}: legacy, by the hook` };
          if (gpusByRuntime(f)) {
            if (set === 'csv') return csvHere(f, `${set}, by the default runtime nvidia`);
            return { is: set === 'jit-cdi' ? 'jit' : 'cdi', found: `${set}, by the default runtime nvidia` };
          }
          // From 29.2 the hook is asked only where CDI is not, and that hangs on a program Docker found at its start.
          const version = need(f.docker.serverVersion);
          if (version === null) throw new CannotTell([{ unknown: 'unreadable', probe: 'docker version' }]);
          if (atLeast(version, since.dockerGpusCdiFirst)) need(f.toolkit.programs);
          return { is: 'hookRefuses', found: `mode is ${set}: the hook refuses --gpus`, seen: at(`mode = "${set}"`) };
        }
        const names = r.way === 'docker-runtime-cdi';
        const { mode, because } = resolveMode(f, names);
        const found = `${mode} (${because})`;
        if (mode === 'csv') return csvHere(f, found);
        if (mode === 'legacy')
          return names
            ? { is: 'cdiNameInLegacy', found: 'the legacy CLI knows no CDI names', seen: at('mode = "legacy"') }
            : { is: 'legacy', found };
        // In jit-cdi a request that holds only CDI names is looked up on disk.
        if (mode === 'jit-cdi') return { is: names ? 'cdi' : 'jit', found };
        return { is: 'cdi', found };
      },
      on: {
        legacy: to('libraries'),
        jit: to('libraries'),
        cdi: to('cdi'),
        csv: to('csv'),
        hookRefuses: stop('hook-in-nonlegacy-mode', to('libraries')),
        csvElsewhere: stop('hook-in-nonlegacy-mode'),
        tegraGpus: stop('tegra-gpus-flag', to('csv')),
        cdiNameInLegacy: stop('visible-devices-unknown'),
        cannotTell: to('libraries'),
      },
    }),
  },
});
