/** What the GPU Operator leaves on a node, and what its pods and the device plugin say in their logs. */
import type { DirRead, FileRead, Ran, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or, unknown } from '../../src/engine/known.ts';
import { type Asks, list, probe, read, run, stat } from '../../src/engine/probe.ts';
import { type Answers, exists, names, text } from './answers.ts';
import { type KnowsKube, kubectl, onNode, runArgv } from './kube.ts';
import type { KubeApiFacts, Pod } from './kube-api.ts';

export const VALIDATIONS = '/run/nvidia/validations';
export const OPERATOR_DIR = '/usr/local/nvidia/toolkit';
/** The copy of config.toml that the Operator's runtime reads; the one in /etc is nothing to it. */
export const OPERATOR_CONFIG = `${OPERATOR_DIR}/.config/nvidia-container-runtime/config.toml`;

export interface OperatorFacts {
  /** Status files that are there; null where the Operator never ran its validator here. */
  readonly validations: Maybe<readonly string[] | null>;
  readonly driverReady: string;
  /** The Operator's own nvidia-container-runtime is installed. */
  readonly toolkit: Maybe<boolean>;
  readonly toolkitVersion: Maybe<string | null>;
  readonly config: Maybe<string | null>;
  readonly mode: string;
}

export const operator = probe({
  id: 'operator',
  looks: 'what a GPU Operator left on this node',
  after: ['kube'],
  needs: (k: KnowsKube): Asks =>
    onNode(k, () => ({
      validations: list(VALIDATIONS),
      driverReady: read(`${VALIDATIONS}/driver-ready`),
      runtime: stat(`${OPERATOR_DIR}/nvidia-container-runtime`),
      config: read(OPERATOR_CONFIG),
      version: run(`${OPERATOR_DIR}/nvidia-ctk`, '--version'),
    })),
  read: (a: Answers): OperatorFacts => {
    const asked = a.validations !== undefined;
    const not = unknown('unrecorded', VALIDATIONS);
    const config = asked ? text(a.config as FileRead, OPERATOR_CONFIG) : not;
    const version = a.version as Ran | undefined;
    return {
      validations: asked ? names(a.validations as DirRead, VALIDATIONS) : not,
      driverReady: asked ? (or(text(a.driverReady as FileRead, 'driver-ready'), null) ?? '') : '',
      toolkit: asked ? exists(a.runtime as StatRead, `${OPERATOR_DIR}/nvidia-container-runtime`) : not,
      toolkitVersion:
        version === undefined
          ? not
          : version.kind === 'exited'
            ? (/version ([\d.]+)/.exec(version.stdout)?.[1] ?? null)
            : version.kind === 'absent'
              ? null
              : unknown(version.kind, `${OPERATOR_DIR}/nvidia-ctk --version`),
      config,
      mode: typeof config === 'string' ? (/^\s*mode\s*=\s*"([^"]*)"/m.exec(config)?.[1] ?? 'auto') : 'auto',
    };
  },
});

/** Pods whose own log says why a GPU is not there: NVIDIA's, and on a Jetson those that fail on the nvidia runtime. */
const worthReading = (pods: readonly Pod[], node: string): readonly Pod[] => {
  const here = pods.filter(p => p.node === node);
  const own = here.filter(p => /device-plugin|gpu-feature-discovery/.test(p.name));
  const failing = here.filter(
    p => !own.includes(p) && !p.ready && p.phase !== 'Succeeded' && p.runtimeClass === 'nvidia',
  );
  return [...own.slice(0, 4), ...failing.slice(0, 3)];
};

export interface KubeLogFacts {
  /** Last lines by "namespace/pod". */
  readonly logs: ReadonlyMap<string, Maybe<string>>;
}
type Known = KnowsKube & { readonly kubeApi: KubeApiFacts };
export const kubeLogs = probe({
  id: 'kubeLogs',
  looks: 'the logs of the device plugin',
  after: ['kube', 'kubeApi'],
  needs: (k: Known): Asks => {
    const { pods, node } = k.kubeApi;
    if (isUnknown(pods) || isUnknown(node) || node === null) return {};
    return onNode(k, flavour =>
      Object.fromEntries(
        worthReading(pods, node.name).map(p => [
          `${p.namespace}/${p.name}`,
          runArgv(kubectl(flavour, 'logs', '-n', p.namespace, p.name, '--tail=40', '--request-timeout=5s')),
        ]),
      ),
    );
  },
  read: (a: Answers): KubeLogFacts => ({
    logs: new Map(
      Object.entries(a).map(([name, ran]: [string, Ran]) => [
        name,
        ran.kind === 'exited'
          ? ran.code === 0
            ? ran.stdout
            : unknown('unreadable', `kubectl logs ${name}`)
          : unknown(ran.kind, `kubectl logs ${name}`),
      ]),
    ),
  }),
});
