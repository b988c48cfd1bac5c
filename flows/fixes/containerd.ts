/** Fixes of the containerd of a kubelet, of k3s and of rke2: its handler, CDI, the template of k3s, and the restart that reads them. */
import { or } from '../../src/engine/known.ts';
import { run } from '../../src/engine/probe.ts';
import type { Refusal, Step } from '../../src/plan/plan.ts';
import { setToml } from '../../src/text/toml.ts';
import { CONTAINERD_CONFIG, CONTAINERD_DROP_INS, NVIDIA_DROP_IN } from '../probes/cri.ts';
import type { Facts } from '../probes/index.ts';
import { nodeOf } from '../rules/kubernetes.ts';
import { atLeast } from '../rules/version.ts';
import { binary, inOrder, knows, restarted, unitOf, wouldKnow } from './kube-make.ts';
import { applies, edits, isRefused, known, refuse, replaces, root } from './make.ts';

const PLUGIN = { 1: 'io.containerd.grpc.v1.cri', 2: 'io.containerd.cri.v1.runtime' } as const;
const isPlain = (f: Facts): boolean => f.kube.flavour === 'kubelet' && f.cri.engine === 'containerd';
const isRancher = (f: Facts): boolean => f.kube.flavour === 'k3s' || f.kube.flavour === 'rke2';

const versionOf = (f: Facts, said: unknown): string => {
  const ran = said as { readonly kind: string; readonly stdout?: string } | undefined;
  const own = /v?(\d+\.\d+(?:\.\d+)?)/.exec(
    ran?.kind === 'exited' ? (ran.stdout ?? '').replace(/^.*containerd\/containerd/, '') : '',
  );
  return own?.[1] ?? /\/\/v?([\d.]+)/.exec(nodeOf(f)?.runtime ?? '')?.[1] ?? (f.cri.major === 2 ? '2.0' : '1.7');
};

const q = (name: string): string => JSON.stringify(name);
/** The tables of one handler, in the schema that is asked for. */
const handlerTables = (schema: 1 | 2, program: string, systemd: boolean): string =>
  [
    `[plugins.${q(PLUGIN[schema])}.containerd.runtimes.nvidia]`,
    '  runtime_type = "io.containerd.runc.v2"',
    `[plugins.${q(PLUGIN[schema])}.containerd.runtimes.nvidia.options]`,
    `  BinaryName = ${q(program)}`,
    `  SystemdCgroup = ${systemd}`,
    '',
  ].join('\n');

/**
 * From 2.1 on a drop-in is merged; before, its tables replace those of the main file and SystemdCgroup is lost, so the
 * main file itself is edited there.
 */
const handlerSteps = (f: Facts, version: string): readonly Step[] | Refusal => {
  const program = binary(f);
  if (program === null)
    return refuse('nvidia-container-runtime is not installed on this node', 'install the toolkit first');
  const main = known(f.cri.text, CONTAINERD_CONFIG);
  if (isRefused(main)) return main;
  const systemd = or(f.cri.effective, null)?.systemdCgroup ?? true;
  const schema = atLeast(version, '2.0') ? 2 : 1;
  const why = 'the handler that the runtime class nvidia leads to';
  if (atLeast(version, '2.1')) {
    const own = known(f.cri.dropIn, NVIDIA_DROP_IN);
    if (isRefused(own)) return own;
    const text = `version = 3\n\n${handlerTables(2, program, systemd)}`;
    const steps: Step[] = own === text ? [] : [replaces(NVIDIA_DROP_IN, own, text, why, 0o644)];
    if (main !== null && !main.includes(`${CONTAINERD_DROP_INS}/`)) {
      if (/^\s*imports\s*=/m.test(main))
        return refuse(
          `${CONTAINERD_CONFIG} imports other files already`,
          `add "${CONTAINERD_DROP_INS}/*.toml" to that list`,
        );
      const step = edits(
        CONTAINERD_CONFIG,
        main,
        setToml(main, '', 'imports', `["${CONTAINERD_DROP_INS}/*.toml"]`),
        'a file that is not imported is not read',
      );
      if (isRefused(step)) return step;
      steps.push(step);
    }
    return steps;
  }
  if (main === null)
    return refuse(`there is no ${CONTAINERD_CONFIG}`, 'containerd config default prints one to begin with');
  const table = `plugins.${q(PLUGIN[schema])}.containerd.runtimes.nvidia`;
  const step = edits(
    CONTAINERD_CONFIG,
    main,
    inOrder(
      main,
      t => setToml(t, table, 'runtime_type', '"io.containerd.runc.v2"'),
      t => setToml(t, `${table}.options`, 'BinaryName', q(program)),
      t => setToml(t, `${table}.options`, 'SystemdCgroup', String(systemd)),
    ),
    why,
  );
  return isRefused(step) ? step : [step];
};

const dumpIt = root(['containerd', 'config', 'dump']);
const asked = () => ({ version: run('containerd', '--version') });

export const configureContainerd = applies({
  id: 'configure-containerd-for-nvidia',
  title: 'Give containerd the nvidia handler and restart it',
  mends: ['k8s-runtime-handler-missing', 'containerd-config-not-effective'],
  privilege: 3,
  effect: ['E1', 'RC'],
  source: '2.13 k8s-runtime-handler-missing; containerd-config-not-effective (schema and SystemdCgroup kept by hand)',
  fits: f => isPlain(f) && f.cri.fault === null && !f.cri.written.criDisabled && !knows(f) && !wouldKnow(f),
  touches: () => [NVIDIA_DROP_IN, CONTAINERD_CONFIG],
  needs: asked,
  plan: (f, a) => {
    const version = versionOf(f, a.version);
    const steps = handlerSteps(f, version);
    if ('refuse' in steps) return steps;
    return restarted(f, {
      summary: `Writes the handler in the schema of containerd ${version} and keeps SystemdCgroup as it is. ${atLeast(version, '2.1') ? 'A drop-in is merged there.' : 'Before 2.1 a drop-in would replace other tables, so the main file gets it.'} Pods keep running.`,
      steps,
      validate: [{ ...dumpIt, changes: false }],
    });
  },
});

export const restartContainerd = applies({
  id: 'restart-containerd',
  title: 'Restart containerd, so that it reads its files',
  mends: ['k8s-runtime-handler-missing'],
  privilege: 3,
  effect: ['RC'],
  source: '2.13 k8s-runtime-handler-missing',
  fits: f => isPlain(f) && !knows(f) && wouldKnow(f),
  plan: f =>
    restarted(f, {
      summary:
        'The entry is in the file and a start would use it. Running pods stay in their shims; the endpoint is away for a moment.',
      steps: [],
    }),
});

export const enableCri = applies({
  id: 'enable-containerd-cri',
  title: 'Switch the Kubernetes part of containerd on',
  mends: ['containerd-config-not-effective'],
  privilege: 3,
  effect: ['E1', 'RC'],
  source: '2.13 containerd-config-not-effective (disabled_plugins of the containerd.io package)',
  fits: f => isPlain(f) && f.cri.fault === null && f.cri.written.criDisabled,
  touches: () => [CONTAINERD_CONFIG],
  plan: f => {
    const text = known(f.cri.text, CONTAINERD_CONFIG);
    if (isRefused(text)) return text;
    const step = edits(
      CONTAINERD_CONFIG,
      text,
      setToml(text, '', 'disabled_plugins', '[]'),
      'the kubelet needs this plugin',
    );
    return isRefused(step)
      ? step
      : restarted(f, {
          summary:
            'The package of Docker ships it switched off, because Docker does not need it. Docker is not changed by this.',
          steps: [step],
          validate: [{ ...dumpIt, changes: false }],
        });
  },
});

export const enableContainerdCdi = applies({
  id: 'enable-cdi-in-containerd',
  title: 'Switch CDI on in containerd and restart it',
  mends: ['cdi-disabled-in-containerd'],
  privilege: 3,
  effect: ['E1', 'RC', 'RX'],
  source: '2.8 cdi-disabled-in-containerd',
  fits: f => isPlain(f) && f.cri.fault === null,
  touches: () => [CONTAINERD_CONFIG],
  needs: asked,
  plan: (f, a) => {
    const version = versionOf(f, a.version);
    if (!atLeast(version, '1.7'))
      return refuse(
        `containerd ${version} knows no CDI`,
        'upgrade containerd to 1.7 or later, or use the strategy envvar',
      );
    const text = known(f.cri.text, CONTAINERD_CONFIG);
    if (isRefused(text)) return text;
    const table = `plugins.${q(PLUGIN[atLeast(version, '2.0') ? 2 : 1])}`;
    const step = edits(
      CONTAINERD_CONFIG,
      text,
      setToml(text, table, 'enable_cdi', 'true'),
      `CDI is off in containerd ${version} until it is switched on`,
    );
    return isRefused(step)
      ? step
      : restarted(f, {
          summary: `Sets enable_cdi in the main file, in the schema of containerd ${version}. Pods keep running and get their GPU when they are made anew.`,
          steps: [step],
          validate: [{ ...dumpIt, changes: false }],
        });
  },
});

export const restartK3s = applies({
  id: 'restart-k3s',
  title: 'Restart k3s, so that it finds the nvidia runtime',
  mends: ['k3s-runtime-not-detected', 'k8s-runtime-handler-missing'],
  privilege: 3,
  effect: ['RK'],
  source: '2.13 k3s-runtime-not-detected; seed 3 never looks whether k3s found the runtime',
  fits: f => isRancher(f) && !knows(f) && binary(f) !== null,
  plan: f =>
    restarted(f, {
      summary: `${unitOf(f)} looks for the runtime when it starts and writes its handler then. Pods keep running; the API is away for some seconds.`,
      steps: [],
    }),
});

const LINE = '{{ template "base" . }}';
const templateText = (f: Facts): string | Refusal => {
  const { template } = f.cri;
  if (template === null) return refuse('there is no template any more');
  const text = known(template.text, template.path);
  return isRefused(text) ? text : (text ?? '');
};
const isOverridden = (f: Facts): boolean =>
  isRancher(f) &&
  f.cri.template !== null &&
  !knows(f) &&
  !/template\s+"base"/.test(or(f.cri.template.text, null) ?? LINE);

export const addToTemplate = applies({
  id: 'add-nvidia-to-k3s-template',
  title: 'Add the nvidia handler to the template of k3s',
  mends: ['k3s-template-override'],
  privilege: 3,
  effect: ['E1', 'RK'],
  source: '2.13 k3s-template-override',
  fits: f => isOverridden(f) && binary(f) !== null,
  touches: f => (f.cri.template ? [f.cri.template.path] : []),
  plan: f => {
    const text = templateText(f);
    if (isRefused(text)) return text;
    // The schema is that of the template, which containerd 2 also reads in the old form.
    const schema = /^\s*version\s*=\s*[34]/m.test(text) || /config-v3/.test(f.cri.template!.path) ? 2 : 1;
    const after = `${text.replace(/\n*$/, '\n')}\n${handlerTables(schema, binary(f)!, or(f.cri.effective, null)?.systemdCgroup ?? true)}`;
    return restarted(f, {
      summary: `Adds what k3s would have written, in the schema of this template (containerd ${schema}.x). Everything else in it stays.`,
      steps: [
        replaces(f.cri.template!.path, text, after, 'a template without the base has to name the handler itself'),
      ],
    });
  },
});

export const baseTemplate = applies({
  id: 'reduce-k3s-template-to-base',
  title: 'Build the template on what k3s knows by itself',
  mends: ['k3s-template-override'],
  privilege: 3,
  effect: ['E1', 'RK'],
  source: '2.13 k3s-template-override; docs of k3s',
  fits: isOverridden,
  touches: f => (f.cri.template ? [f.cri.template.path] : []),
  plan: f => {
    const text = templateText(f);
    if (isRefused(text)) return text;
    return restarted(f, {
      summary:
        'k3s then writes the nvidia handlers and the right schema by itself, after every update too. Its price: additions of your own in this file are lost, put them below the line.',
      steps: [
        replaces(f.cri.template!.path, text, `${LINE}\n`, 'the base holds everything that k3s finds on this node'),
      ],
      afterwards: ['Compare the diff: mirrors or other settings of yours belong below the line of the base.'],
    });
  },
});

export const containerdFixes = [
  restartContainerd,
  configureContainerd,
  enableCri,
  enableContainerdCdi,
  restartK3s,
  addToTemplate,
  baseTemplate,
];
