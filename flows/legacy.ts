import { check, flow, stop, works } from '../src/engine/flow.ts';
import { isUnknown, need, or } from '../src/engine/known.ts';
import { daemonOf } from './probes/docker.ts';
import { bare, CONFIG } from './probes/toolkit.ts';
import { atLeast, numbers, since } from './rules/version.ts';

const at = (shows: string) => [{ from: CONFIG, shows }];

/** Hook and nvidia-container-cli, in the order in which they fail. */
export const legacy = flow({
  id: 'legacy',
  title: 'Legacy injection',
  about: 'What the hook and nvidia-container-cli need, in the order in which they ask for it.',
  start: 'hook',
  nodes: {
    hook: check({
      title: 'Hook',
      question: 'Is nvidia-container-runtime-hook installed, and does it take its list of capabilities?',
      why: {
        line: 'Legacy injection is a hook; the base package does not bring it.',
        paragraph:
          'nvidia-container-toolkit-base holds the runtime and the CDI tools. The hook is in nvidia-container-toolkit.',
        mechanism:
          'The runtime adds a prestart hook by its path; runc fails with fork/exec when the file is not there.',
      },
      source: 'toolkit-base-only; config-toml-invalid; field reference 1.4, supported-driver-capabilities',
      probes: ['toolkit', 'config'],
      decide: f => {
        if (need(f.toolkit.programs)['nvidia-container-runtime-hook'] === null)
          return {
            is: 'missing',
            found: 'not installed',
            seen: [{ from: 'which nvidia-container-runtime-hook', shows: 'not there' }],
          };
        const odd = f.config.oddCapabilities;
        return odd.length > 0
          ? {
              is: 'refusesCapabilities',
              found: `it knows no capability called ${odd.join(', ')}`,
              seen: at(`supported-driver-capabilities names ${odd.join(', ')}`),
            }
          : { is: 'there', found: 'installed' };
      },
      on: {
        there: 'cli',
        missing: stop('toolkit-base-only', 'cli'),
        refusesCapabilities: stop('config-toml-invalid', 'cli'),
        cannotTell: 'cli',
      },
    }),
    cli: check({
      title: 'nvidia-container-cli',
      question: 'Is the CLI there, does it start, and does it fit the toolkit?',
      why: {
        line: 'Hook and CLI come from different packages that must be of one version.',
        paragraph:
          'After a partial upgrade the hook passes options that the older CLI does not know, or the CLI lacks its library.',
        mechanism:
          'From 1.17.7 the hook passes --cuda-compat-mode; a CLI of 1.16 answers "unrecognized option". A wrong path setting prints only "exec failed".',
      },
      source: 'toolkit-version-skew; toolkit-binary-not-in-daemon-path',
      probes: ['toolkit', 'config', 'configPaths'],
      decide: f => {
        if (f.config.cliPath !== null && need(f.configPaths.cliPathExists) === false)
          return {
            is: 'wrongPath',
            found: `${f.config.cliPath} does not exist`,
            seen: at(`path = "${f.config.cliPath}"`),
          };
        if (f.config.cliPath === null && need(f.toolkit.programs)['nvidia-container-cli'] === null)
          return {
            is: 'skew',
            found: 'the CLI is not installed',
            seen: [{ from: 'which nvidia-container-cli', shows: 'not there' }],
          };
        if (f.toolkit.cliBroken !== null)
          return {
            is: 'skew',
            found: 'the CLI does not start',
            seen: [{ from: 'nvidia-container-cli -V', shows: f.toolkit.cliBroken }],
          };
        const [toolkit, cli] = [or(f.toolkit.version, null), or(f.toolkit.cliVersion, null)];
        const old =
          toolkit !== null &&
          cli !== null &&
          atLeast(toolkit, since.toolkitPassesCompatMode) &&
          (numbers(cli)[0] ?? 0) === 1 &&
          (numbers(cli)[1] ?? 99) < 17;
        return old
          ? {
              is: 'skew',
              found: `toolkit ${toolkit} with a CLI of ${cli}`,
              seen: [
                { from: 'nvidia-ctk --version', shows: toolkit },
                { from: 'nvidia-container-cli -V', shows: cli },
              ],
            }
          : { is: 'fits', found: cli ?? 'there' };
      },
      on: {
        fits: 'cgroups',
        skew: stop('toolkit-version-skew', 'cgroups'),
        wrongPath: stop('toolkit-binary-not-in-daemon-path', 'cgroups'),
        cannotTell: 'cgroups',
      },
    }),
    cgroups: check({
      title: 'Device cgroups',
      question: 'May the CLI write device rules?',
      why: {
        line: 'Without a device rule the nodes are there and cannot be opened.',
        paragraph:
          'no-cgroups = true is meant for rootless engines and nested containers. On an ordinary engine it leaves the container without permission: nvidia-smi says Unknown Error from the first second.',
        mechanism:
          'runc denies all devices that the spec does not list; the CLI adds its rule to the cgroup afterwards, unless the setting forbids it.',
      },
      source: 'no-cgroups-true-on-rootful; lxc-nested-engine; rootless-cgroup-denied',
      probes: ['config', 'docker', 'where', 'nested'],
      decide: f => {
        const inside = or(f.where.container, '');
        if (daemonOf(f.docker)?.rootless)
          return f.config.noCgroups
            ? { is: 'written', found: 'off, as a rootless engine needs it' }
            : {
                is: 'rootless',
                found: 'the engine runs as an ordinary user, who may not write device rules',
                seen: [
                  { from: 'docker info, SecurityOptions', shows: 'name=rootless' },
                  ...at('no-cgroups is not true'),
                ],
              };
        const nested = need(f.nested) === true;
        if (!f.config.noCgroups && nested)
          return {
            is: 'nested',
            found: `this engine runs inside an unprivileged ${inside} container`,
            seen: [
              { from: 'systemd-detect-virt -c', shows: inside },
              { from: '/proc/self/uid_map', shows: 'root here is an ordinary user outside' },
              ...at('no-cgroups is not true'),
            ],
          };
        if (!f.config.noCgroups) return { is: 'written', found: 'written' };
        if (nested) return { is: 'written', found: 'off, as an engine inside a system container needs it' };
        return { is: 'off', found: 'no-cgroups is true on a rootful engine', seen: at('no-cgroups = true') };
      },
      on: {
        written: 'ldconfig',
        off: stop('no-cgroups-true-on-rootful', 'ldconfig'),
        nested: stop('lxc-nested-engine', 'ldconfig'),
        rootless: stop('rootless-cgroup-denied', 'ldconfig'),
        cannotTell: 'ldconfig',
      },
    }),
    ldconfig: check({
      title: 'ldconfig',
      question: 'Does the ldconfig that the CLI runs exist, and is it a program?',
      why: {
        line: 'The last step refreshes the loader cache of the container with this program.',
        paragraph:
          'A path that does not exist gives an ldcache error. A script gives no error at all, only a container in which libnvidia-ml cannot be found. From 1.15 a stale ldconfig.real is healed by itself.',
        mechanism:
          'The CLI opens the host file and executes it by its descriptor inside the container; the interpreter of a script cannot reopen it there, and "not found" counts as success.',
      },
      source: 'ldconfig-path-wrong; container-ldcache-not-updated; ldcache-process-failed; seed 0, Fix 1',
      probes: ['config', 'configPaths', 'toolkit'],
      decide: f => {
        const value = f.config.ldconfig;
        if (value !== null && !value.startsWith('@')) return { is: 'runs', found: `${value} of the image` };
        const path = bare(value);
        const heals =
          /\/ldconfig(\.real)?$/.test(path) &&
          // Of an unknown version it matters only where the other name is what is there.
          (isUnknown(f.toolkit.version) && (need(f.configPaths.ldconfigExists) || !need(f.configPaths.plainExists))
            ? need(f.configPaths.ldconfigExists)
            : atLeast(need(f.toolkit.version) ?? '0', since.toolkitHealsLdconfigReal));
        const real = heals && or(f.configPaths.ldconfigRealExists, false);
        const healed = heals && need(f.configPaths.plainExists);
        const there = real || healed || need(f.configPaths.ldconfigExists);
        const shows = at(value === null ? 'ldconfig is not set' : `ldconfig = "${value}"`);
        if (!there)
          return {
            is: 'missing',
            found: `${path} does not exist`,
            seen: [...shows, { from: path, shows: 'not there' }],
          };
        if (real) return { is: 'runs', found: `${path.replace(/\.real$/, '')}.real` };
        if (need(f.configPaths.ldconfigExists) && need(f.configPaths.ldconfigIsScript))
          return {
            is: 'script',
            found: `${path} is a script`,
            seen: [...shows, { from: path, shows: 'begins with #!, or is far too small for the real program' }],
          };
        if (or(f.configPaths.ldconfigExists, false) && or(f.configPaths.ldconfigRuns, true) === false)
          return { is: 'notProgram', found: `${path} cannot be executed`, seen: shows };
        return {
          is: 'runs',
          found:
            healed && path.endsWith('.real')
              ? `${path} is not there; this toolkit takes ${path.replace(/\.real$/, '')}`
              : path,
        };
      },
      on: {
        runs: works,
        missing: stop('ldconfig-path-wrong', works),
        script: stop('container-ldcache-not-updated', works),
        notProgram: stop('ldcache-process-failed', works),
        cannotTell: works,
      },
    }),
  },
});
