/**
 * Fixes in /etc/nvidia-container-runtime/config.toml. It is read at every container start, so nothing is restarted.
 * Edited by span and not by `nvidia-ctk config --in-place`: before toolkit 1.20 that command comments out other keys
 * whose value equals the packaged example (section 1.4).
 */
import { or } from '../../src/engine/known.ts';
import { run } from '../../src/engine/probe.ts';
import { type Edit, sameValue } from '../../src/text/edit.ts';
import { removeToml, setToml, tomlFault, tomlValue } from '../../src/text/toml.ts';
import { oneTomlFix } from '../../src/text/toml-fix.ts';
import type { Facts } from '../probes/index.ts';
import { bare, CONFIG } from '../probes/toolkit.ts';
import { lacks, resolve } from '../rules/cdi.ts';
import { atLeast, since } from '../rules/version.ts';
import { firstSpec, hasCtk, isOurs, previews } from './cdi-spec.ts';
import { applies, type Draft, edits, isRefused, known, placed, printed, refuse, replaces } from './make.ts';

const CLI = 'nvidia-container-cli';
const RUNTIME = 'nvidia-container-runtime';
export const SPAN =
  'Only this value is changed; nvidia-ctk config --in-place can comment out other keys before toolkit 1.20.';
const STARTS_AGAIN = 'Containers that run keep what they have; start them again to benefit.';

export const touches = () => [CONFIG];
/** A plan that edits this one file. */
export const inConfig = (
  facts: Facts,
  change: (text: string | null) => Edit,
  why: string,
  summary: string,
): Draft | ReturnType<typeof refuse> => {
  const text = known(facts.config.text, CONFIG);
  if (isRefused(text)) return text;
  const step = edits(CONFIG, text, change(text), why, 0o644);
  return isRefused(step) ? step : { summary, steps: [step], afterwards: [STARTS_AGAIN] };
};
export const readable = (f: Facts) => f.config.fault === null;

/** The binary that can be run inside a container: ldconfig.real where ldconfig is a wrapper. */
const realLdconfig = (f: Facts): string => {
  const configured = bare(f.config.ldconfig);
  const plain = configured === '/sbin/ldconfig.real' ? '/sbin/ldconfig' : configured.replace(/\.real$/, '');
  const isDefault = plain === '/sbin/ldconfig';
  const script = or(f.configPaths.ldconfigIsScript, false);
  if (isDefault && script && or(f.configPaths.ldconfigRealExists, false)) return '/sbin/ldconfig.real';
  return '/sbin/ldconfig';
};

export const ldconfigPath = applies({
  id: 'set-ldconfig-path',
  title: 'Point ldconfig at the real binary of the host',
  mends: [
    'ldconfig-path-wrong',
    'container-ldcache-not-updated',
    'ldconfig-container-path-rejected',
    'ldcache-process-failed',
  ],
  privilege: 2,
  effect: ['E1', 'RX'],
  source:
    `seed 0, Fix 1 (the @ kept; its explanation is wrong: a bad path gives an ldcache error, not the libnvidia-ml text);
    2.6 ldconfig-path-wrong`.replace(/\s+/g, ' '),
  fits: f => readable(f) && f.config.ldconfig !== `@${realLdconfig(f)}`,
  touches,
  plan: f => {
    const to = `@${realLdconfig(f)}`;
    return inConfig(
      f,
      text => setToml(text, CLI, 'ldconfig', JSON.stringify(to)),
      `the last step of the legacy way runs this binary of the host; the @ says "of the host"`,
      `Sets ldconfig to "${to}", read at the next container start. ${SPAN}`,
    );
  },
});

export const ldconfigHostPrefix = applies({
  id: 'add-ldconfig-at-sign',
  title: 'Put the @ back in front of the ldconfig path',
  mends: ['ldconfig-container-path-rejected'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.6 ldconfig-container-path-rejected; seed 0, Fix 1 (keep the @: right)',
  fits: f =>
    readable(f) &&
    f.config.ldconfig?.startsWith('/') === true &&
    f.config.ldconfig !== '/sbin/ldconfig' &&
    or(f.configPaths.ldconfigExists, false),
  touches,
  plan: f =>
    inConfig(
      f,
      text => setToml(text, CLI, 'ldconfig', JSON.stringify(`@${f.config.ldconfig ?? ''}`)),
      'the @ makes it the binary of the host, which is the only kind allowed',
      `Adds the @ to the path that stands there. The switch that allows paths of the image would reopen a known hole. ${SPAN}`,
    ),
});

export const allowUnknownFields = applies({
  id: 'allow-unknown-oci-fields',
  title: 'Let the toolkit pass over OCI fields it does not know',
  mends: ['unknown-oci-spec-field'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.6 unknown-oci-spec-field, second choice; 1.4: the switch exists from 1.19 on',
  fits: f => readable(f) && atLeast(or(f.toolkit.version, null) ?? '0', since.toolkitRefusesUnknownFields),
  touches,
  plan: f =>
    inConfig(
      f,
      text => setToml(text, 'features', 'allow-unknown-oci-spec-fields', 'true'),
      'the engine writes fields that this toolkit has never heard of',
      `Newer fields are handed on as they are, as every release before 1.19 did. A newer toolkit knows them itself. ${SPAN}`,
    ),
});

export const ignoreImex = applies({
  id: 'ignore-imex-channel-requests',
  title: 'Let containers start without the IMEX channel they ask for',
  mends: ['imex-channel-missing'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.3 imex-channel-missing, the opt-out; 1.4: the switch exists from 1.17.5 on',
  fits: f => readable(f) && atLeast(or(f.toolkit.version, null) ?? '0', since.toolkitMayIgnoreImex),
  touches,
  plan: f =>
    inConfig(
      f,
      text => setToml(text, 'features', 'ignore-imex-channel-requests', 'true'),
      'NVIDIA_IMEX_CHANNELS of a container is then passed over',
      `For machines that share no memory over NVLink. Price: a job that needs the channel starts and runs without it; there the channel has to be made instead. ${SPAN}`,
    ),
});

export const cgroupsOn = applies({
  id: 'set-no-cgroups-false',
  title: 'Let the toolkit open the devices again (no-cgroups = false)',
  mends: ['no-cgroups-true-on-rootful'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.7 no-cgroups-true-on-rootful',
  fits: f => readable(f) && f.config.noCgroups,
  touches,
  plan: f =>
    inConfig(
      f,
      text => setToml(text, CLI, 'no-cgroups', 'false'),
      'a rootful engine needs the device rules that no-cgroups = true leaves out',
      `Sets no-cgroups back to its default. Rootless engines on this host should ask by CDI, which never needs the key. ${SPAN}`,
    ),
});

export const driverRoot = applies({
  id: 'remove-driver-root',
  title: 'Take the leftover driver root out of config.toml',
  mends: ['driver-root-wrong', 'nvml-lib-missing'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.5 driver-root-wrong; seed 0 never looked at this key',
  fits: f => readable(f) && f.config.root !== null && f.config.root !== '/' && f.configPaths.rootHasDriver !== true,
  touches,
  plan: f =>
    inConfig(
      f,
      text => removeToml(text, CLI, 'root'),
      `no driver lies below ${f.config.root ?? ''}; without the key the driver of the host is used`,
      `Removes root = "${f.config.root ?? ''}", so that the toolkit looks where this host keeps its driver. ${SPAN}`,
    ),
});

export const ldcacheDefault = applies({
  id: 'remove-ldcache-key',
  title: 'Take the wrong ldcache path out of config.toml',
  mends: ['host-ldcache-stale'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.5 host-ldcache-stale',
  fits: f => readable(f) && f.config.ldcache !== null && !or(f.configPaths.ldcacheExists, true),
  touches,
  plan: f =>
    inConfig(
      f,
      text => removeToml(text, CLI, 'ldcache'),
      `${f.config.ldcache ?? ''} does not exist; the default is /etc/ld.so.cache`,
      `Removes the key, so that the loader cache of the host is read. ${SPAN}`,
    ),
});

export const cliPath = applies({
  id: 'remove-cli-path',
  title: 'Take the wrong path of nvidia-container-cli out of config.toml',
  mends: ['toolkit-binary-not-in-daemon-path', 'config-toml-invalid'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '1.4, key path of [nvidia-container-cli]',
  fits: f => readable(f) && f.config.cliPath !== null && !or(f.configPaths.cliPathExists, true),
  touches,
  plan: f =>
    inConfig(
      f,
      text => removeToml(text, CLI, 'path'),
      `${f.config.cliPath ?? ''} does not exist; without the key the program is looked up in PATH`,
      `Removes the key, so that the installed nvidia-container-cli is found. ${SPAN}`,
    ),
});

export const modeAuto = applies({
  id: 'set-mode-auto',
  title: 'Set the runtime mode back to auto, the default',
  mends: ['hook-in-nonlegacy-mode', 'config-toml-invalid', 'visible-devices-unknown', 'cdi-spec-missing'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.7 hook-in-nonlegacy-mode; takes back seed 0, Fix 2, the global mode = "cdi"',
  fits: f => readable(f) && f.config.mode !== 'auto',
  touches,
  plan: f =>
    inConfig(
      f,
      text => setToml(text, RUNTIME, 'mode', '"auto"'),
      `in mode "${f.config.mode}" the hook refuses every container that is asked for with --gpus`,
      `auto serves --gpus, the runtime and CDI names alike; requests by CDI name go on working. ${SPAN}`,
    ),
});

export const lowLevelRuntimes = applies({
  id: 'set-low-level-runtimes',
  title: 'Name runc and crun as low-level runtimes again',
  mends: ['low-level-runtime-not-found'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.6 low-level-runtime-not-found',
  fits: f => readable(f) && f.config.runtimes !== null && !sameValue(f.config.runtimes, ['runc', 'crun']),
  touches,
  plan: f =>
    inConfig(
      f,
      text => setToml(text, RUNTIME, 'runtimes', '["runc", "crun"]'),
      'these are the candidates the toolkit ships with',
      `Restores the packaged list of candidates. ${SPAN}`,
    ),
});

export const toolkitSpecDirs = applies({
  id: 'reset-toolkit-spec-dirs',
  title: "Let the NVIDIA runtime search Docker's two CDI folders",
  mends: ['cdi-spec-dir-mismatch'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.8 cdi-spec-dir-mismatch; 1.4, spec-dirs',
  fits: f => readable(f) && !['/etc/cdi', '/var/run/cdi'].every(d => f.config.specDirs.includes(d)),
  touches,
  plan: f =>
    inConfig(
      f,
      text => setToml(text, `${RUNTIME}.modes.cdi`, 'spec-dirs', '["/etc/cdi", "/var/run/cdi"]'),
      'specs lie in these two folders by default',
      `Restores the default folders for the runtime. ${SPAN}`,
    ),
});

const cdiResolves = (f: Facts): boolean => {
  try {
    const found = resolve(f, 'toolkit');
    if (found.is !== 'resolves') return false;
    const l = lacks(f, found);
    return l.nodes.length + l.mounts.length + l.hooks.length === 0;
  } catch {
    return false;
  }
};

export const modeCdi = applies({
  id: 'set-mode-cdi',
  title: 'Set the runtime mode to cdi (it has a price)',
  mends: [
    'ldconfig-path-wrong',
    'ldconfig-container-path-rejected',
    'container-ldcache-not-updated',
    'ldcache-process-failed',
    'cli-driver-rpc-timeout',
  ],
  privilege: 2,
  effect: ['E1', 'RX'],
  source:
    'seed 0, Fix 2 (it breaks plain --gpus: seed 0, Root Cause 2, is its own consequence); 2.7 hook-in-nonlegacy-mode',
  fits: f => readable(f) && f.config.mode === 'auto' && hasCtk(f) && (cdiResolves(f) || !f.cdiSpecs.specs.some(isOurs)),
  touches: f => [...(cdiResolves(f) ? [] : ['/etc/cdi/nvidia.yaml']), CONFIG],
  needs: previews,
  plan: (f, a, finding) => {
    const loses = atLeast(or(f.docker.serverVersion, null) ?? '0', since.dockerGpusCdiFirst)
      ? 'docker run --gpus then works only as long as a CDI spec resolves'
      : 'docker run --gpus and Compose reservations stop working on this Docker';
    const spec = cdiResolves(f) ? null : firstSpec(f, a);
    if (isRefused(spec)) return spec;
    const mode = inConfig(
      f,
      text => setToml(text, RUNTIME, 'mode', '"cdi"'),
      'the runtime then reads the CDI spec and leaves the legacy CLI out',
      `Goes round the legacy CLI for --runtime=nvidia, and so round ${finding}. Price: ${loses}. A repair of the cause is better.`,
    );
    return isRefused(mode) || spec === null ? mode : { ...mode, steps: [...spec.steps, ...mode.steps] };
  },
});

/** Text of the packaged defaults, or the repaired text where one character is certain. */
export const repairConfig = applies({
  id: 'repair-config-toml',
  title: 'Repair the one character that breaks config.toml',
  mends: ['config-toml-invalid'],
  privilege: 2,
  effect: ['E1'],
  source: '2.6 config-toml-invalid',
  fits: f => typeof f.config.text === 'string' && f.config.fault !== null && oneTomlFix(f.config.text) !== null,
  touches,
  plan: f => {
    const text = known(f.config.text, CONFIG);
    if (isRefused(text)) return text;
    const repair = oneTomlFix(text ?? '');
    if (!repair) return refuse(placed(CONFIG, tomlFault(text ?? '') ?? { line: 1, column: 1, message: 'no fault' }));
    return {
      summary: `There is only one way to read this file: ${repair.did}. Everything else stays.`,
      steps: [replaces(CONFIG, text, repair.text, repair.did)],
    };
  },
});

export const defaultConfig = applies({
  id: 'restore-default-config-toml',
  title: 'Restore the packaged config.toml (your settings in it are lost)',
  mends: ['config-toml-invalid'],
  privilege: 2,
  effect: ['E1'],
  source: '2.6 config-toml-invalid: the file set aside, the packaged defaults written',
  fits: f => typeof f.config.text === 'string' && f.config.fault !== null,
  touches,
  needs: () => ({ defaults: run('nvidia-ctk', 'config', 'default') }),
  plan: (f, a) => {
    const text = known(f.config.text, CONFIG);
    if (isRefused(text)) return text;
    const fault = tomlFault(text ?? '') ?? f.config.fault;
    const place = fault ? placed(CONFIG, fault) : CONFIG;
    const fresh = printed(a.defaults, 'nvidia-ctk config default');
    if (isRefused(fresh)) return { ...fresh, instead: [`mend ${place} by hand`] };
    const value = tomlValue(fresh);
    if (value === undefined || typeof value !== 'object' || value === null || !(RUNTIME in value))
      return refuse('nvidia-ctk config default did not print a configuration', `mend ${place} by hand`);
    return {
      summary: `It breaks at ${place} and no single character mends it for certain. Writes what nvidia-ctk config default prints; the old file is kept in the backup.`,
      steps: [replaces(CONFIG, text, fresh, 'the packaged defaults serve every form of request')],
      afterwards: ['Compare the old file in the diff above and set again what you had set on purpose.'],
    };
  },
});

export const configFixes = [
  ldconfigPath,
  ldconfigHostPrefix,
  allowUnknownFields,
  ignoreImex,
  cgroupsOn,
  driverRoot,
  ldcacheDefault,
  cliPath,
  modeAuto,
  lowLevelRuntimes,
  toolkitSpecDirs,
  repairConfig,
  defaultConfig,
  modeCdi,
];
