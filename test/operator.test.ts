/** Telling a GPU Operator where containerd is: what is patched, what is waited for, what is refused, and the Operator that follows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixById } from '../flows/fixes/index.ts';
import { withPlaces } from '../flows/rules/operator.ts';
import type { Box, Ran } from '../src/box/box.ts';
import { proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal, type Plan } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import { clusterOf, podsIn } from '../src/sim/cluster.ts';
import { simBox } from '../src/sim/index.ts';
import type { World } from '../src/sim/world.ts';
import { k3sOperator, kubeletOperator, microk8sOperator } from '../src/sim/worlds/operator.ts';
import { answering, DEBUG, K3S_SOCKET } from './fix-cases-operator.ts';

const FIX = 'set-containerd-in-cluster-policy';
const FINDING = 'gpu-operator-toolkit-config-path';
const SET = 'nvidia-container-toolkit-daemonset';
const faults = async (box: Box) => (await checkBox(box)).findings.filter(f => f.severity === 'fault').map(f => f.id);
const proposed = async (box: Box) => proposeFix(box, fixById(FIX)!, (await checkBox(box)).internal.facts, FINDING);
const planOf = async (world: World): Promise<Plan> => {
  const plan = await proposed(simBox(world));
  assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
  return plan;
};
const refusalOf = async (box: Box): Promise<string> => {
  const plan = await proposed(box);
  assert.ok(isRefusal(plan));
  assert.ok((plan.instead ?? []).length > 0, plan.refuse);
  return plan.refuse;
};
const argvs = (commands: Plan['validate']) => commands.map(c => c.argv.join(' '));
const toolkitPod = (world: World) => podsIn(world).find(p => p.workload.role === 'toolkit')!;

test('on k3s the socket is told and nothing else, and the list that was there comes back', async () => {
  const plan = await planOf(k3sOperator([DEBUG]));
  const [step] = plan.steps;
  assert.ok(step?.do === 'run' && 'argv' in step.undo && plan.steps.length === 1);
  const at = 'k3s kubectl patch clusterpolicies.nvidia.com cluster-policy --type=merge -p ';
  const of = (env: unknown) => `${at}${JSON.stringify({ spec: { toolkit: { env } } })}`;
  assert.equal(step.command.argv.join(' '), of([DEBUG, K3S_SOCKET]));
  assert.equal(step.undo.argv.join(' '), of([DEBUG]));
  assert.deepEqual([step.command.root, plan.privilege, plan.effect], [true, 3, ['RC']]);
  assert.deepEqual(plan.interrupts, { containers: [], liveRestore: true, services: ['k3s'] });
  assert.match(
    plan.afterwards[0]!,
    /helm upgrade.*toolkit: \{"env":\[\{"name":"TOOLKIT_DEBUG".*k3s\/containerd\/containerd\.sock/,
  );
  const none = (await planOf(k3sOperator())).steps[0];
  assert.ok(none?.do === 'run' && 'argv' in none.undo);
  assert.equal(none.undo.argv.join(' '), of(null), 'where there was no list there is none again');
});

test('a rollout is waited for only after the Operator has taken the change over', async () => {
  const plan = await planOf(microk8sOperator());
  const volume = (name: string) => `{.spec.template.spec.volumes[?(@.name=="${name}")].hostPath.path}`;
  const kubectl = 'microk8s kubectl -n gpu-operator';
  assert.deepEqual(argvs(plan.validate), [
    `${kubectl} wait daemonset/${SET} --for=jsonpath=${volume('containerd-socket')}=/var/snap/microk8s/common/run --timeout=60s`,
    `${kubectl} wait daemonset/${SET} --for=jsonpath=${volume('containerd-config')}=/var/snap/microk8s/current/args --timeout=60s`,
    `${kubectl} rollout status daemonset/${SET} --timeout=120s`,
  ]);
  assert.ok(plan.validate.every(c => c.changes === undefined));
});

test('a kubectl too old to wait for a filtered path proves nothing wrong', async () => {
  const world = k3sOperator();
  const plan = await planOf(world);
  const box = simBox(world);
  const stderr = "error: jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3\n";
  const old: Box = {
    ...box,
    run: async (c, s) => {
      const ran = await box.run(c, s);
      return c.argv.includes('wait') ? { kind: 'exited', code: 1, stdout: '', stderr } : ran;
    },
  };
  assert.equal((await applyPlan(old, plan, journalIn(memoryStore()))).kind, 'applied');
});

test('an Operator that does not follow ends the change, and the object is as it was', async () => {
  const world = k3sOperator([DEBUG]);
  const plan = await planOf(world);
  const before = JSON.stringify(clusterOf(world)!.policies);
  // Its controller is gone: the object changes, and the daemon set does not.
  const set = clusterOf(world)!.workloads.find(w => w.role === 'toolkit')!;
  delete (set as { role?: string }).role;
  const applied = await applyPlan(simBox(world), plan, journalIn(memoryStore()));
  assert.ok(applied.kind === 'undone');
  assert.match(applied.because, /timed out waiting for the condition on daemonsets/);
  assert.equal(JSON.stringify(clusterOf(world)!.policies), before);
});

test('the pod of the toolkit fails, is made anew on the right socket, and fails again after an undo', async () => {
  const world = k3sOperator([DEBUG]);
  const box = simBox(world);
  const state = () => JSON.stringify([clusterOf(world)!.policies, clusterOf(world)!.workloads]);
  const before = state();
  assert.equal(toolkitPod(world).waiting, 'CrashLoopBackOff');
  assert.match(toolkitPod(world).log, /dial unix \/runtime\/sock-dir\/containerd\.sock: connect: no such file/);
  assert.deepEqual(await faults(box), [FINDING]);
  const store = memoryStore();
  const applied = await applyPlan(box, await planOf(world), journalIn(store));
  assert.ok(applied.kind === 'applied');
  assert.ok(toolkitPod(world).ready);
  assert.deepEqual(await faults(box), []);
  assert.equal((await undoSession(box, store, applied.session)).kind, 'undone');
  // k3s goes on with the runtime that it has found; only the Operator is where it was.
  await checkBox(box);
  assert.equal(state(), before);
  assert.equal(toolkitPod(world).waiting, 'CrashLoopBackOff');
  assert.equal(clusterOf(world)!.handlers.nvidia, '/usr/local/nvidia/toolkit/nvidia-container-runtime');
});

test('on a plain containerd the handler goes again with an undo, and the fault is back', async () => {
  const world = kubeletOperator([K3S_SOCKET, { name: 'CONTAINERD_CONFIG', value: '/etc/k3s/config.toml' }]);
  const box = simBox(world);
  const found = await faults(box);
  assert.ok(found.includes(FINDING));
  const store = memoryStore();
  const applied = await applyPlan(box, await planOf(world), journalIn(store));
  assert.ok(applied.kind === 'applied');
  assert.equal(clusterOf(world)!.handlers.nvidia, '/usr/local/nvidia/toolkit/nvidia-container-runtime');
  assert.deepEqual(await faults(box), []);
  await undoSession(box, store, applied.session);
  await checkBox(box);
  assert.equal(clusterOf(world)!.handlers.nvidia, undefined);
  assert.deepEqual(
    (await faults(box)).filter(id => found.includes(id)),
    ['containerd-config-not-effective'],
  );
});

test('who asks right after a patch how far the rollout is, is told of the one before', async () => {
  const world = k3sOperator([K3S_SOCKET]);
  const box = simBox(world);
  const kubectl = (...argv: string[]) => box.run({ argv: ['k3s', 'kubectl', ...argv], root: true, changes: true });
  await kubectl(
    'patch',
    'clusterpolicies.nvidia.com',
    'cluster-policy',
    '--type=merge',
    '-p',
    '{"spec":{"toolkit":{"env":null}}}',
  );
  const rollout = () => kubectl('-n', 'gpu-operator', 'rollout', 'status', `daemonset/${SET}`);
  const code = (ran: Ran) => (ran.kind === 'exited' ? ran.code : ran.kind);
  assert.equal(code(await rollout()), 0);
  await kubectl('get', 'pods');
  assert.equal(code(await rollout()), 1);
  const strategic = await kubectl(
    'patch',
    'clusterpolicies.nvidia.com',
    'cluster-policy',
    '--type=strategic',
    '-p',
    '{}',
  );
  assert.equal(code(strategic), 1, 'a custom resource knows no strategic merge');
});

test('what stands against it is named', async () => {
  const exited = (stdout: string): Ran => ({ kind: 'exited', code: 0, stdout, stderr: '' });
  const policy = (...fields: string[]) => exited(`policy\t${fields.join('\t')}\n`);
  const box = () => simBox(k3sOperator());
  const cases: readonly (readonly [Ran, RegExp])[] = [
    [{ kind: 'timedOut', afterMs: 10_000 }, /kubectl get clusterpolicies\.nvidia\.com did not answer in time/],
    [{ kind: 'unrecorded' }, /this recording does not hold kubectl get/],
    [policy('cluster-policy', 'false', '', 'helm', ''), /toolkit\.enabled is false/],
    [policy('cluster-policy', 'true', 'OnDelete', 'helm', ''), /updateStrategy OnDelete/],
    [policy('cluster-policy', 'true', '', 'argocd-controller gpu-operator', ''), /argocd-controller writes/],
    [policy('cluster-policy', 'true', '', 'helm', 'map[name:A value:b]'), /toolkit\.env is no list/],
    [policy('cluster-policy', '', '', 'helm', JSON.stringify([K3S_SOCKET])), /says so already/],
  ];
  for (const [ran, because] of cases) assert.match(await refusalOf(answering(box(), ran)), because);

  const gone = k3sOperator();
  gone.fs.entries.delete('/run/k3s/containerd/containerd.sock');
  assert.match(await refusalOf(simBox(gone)), /nothing listens at \/run\/k3s\/containerd\/containerd\.sock/);
  const old: Box = {
    ...box(),
    run: async (c, s) => {
      const ran = await box().run(c, s);
      return ran.kind === 'exited' ? { ...ran, stdout: ran.stdout.replace('v1.18.1', 'v1.17.0-ubuntu20.04') } : ran;
    },
  };
  assert.match(await refusalOf(old), /toolkit 1\.17\.0 does not get along with k3s; 1\.17\.1 is the first/);
});

test('what is somebody else’s stays as it is and where it is', () => {
  const other = { name: 'CONTAINERD_RUNTIME_CLASS', value: 'gpu' };
  const wrong = { name: 'CONTAINERD_SOCKET', value: '/run/containerd/containerd.sock' };
  const config = { name: 'CONTAINERD_CONFIG', value: '/opt/config.toml' };
  const places = { CONTAINERD_SOCKET: K3S_SOCKET.value };
  assert.deepEqual(withPlaces([other, wrong, config, DEBUG], places), [other, K3S_SOCKET, DEBUG]);
  assert.deepEqual(withPlaces([DEBUG], { CONTAINERD_SOCKET: wrong.value }), [DEBUG], 'a default needs no words');
});
