/** Kubernetes nodes and Jetsons as a whole: what is asked where, one cause for one fault, and fixes that can be taken back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixById, ladder } from '../flows/fixes/index.ts';
import type { Box, Command } from '../src/box/box.ts';
import { proposeFix } from '../src/engine/propose.ts';
import { checkBox, collect } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { commandsOf } from '../src/plan/commands.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal, type Plan } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import { clusterOf } from '../src/sim/cluster.ts';
import { simBox } from '../src/sim/index.ts';
import { jsonpath } from '../src/sim/jsonpath.ts';
import { merge } from '../src/sim/kubectl.ts';
import type { World } from '../src/sim/world.ts';
import { healthyNew } from '../src/sim/worlds/healthy.ts';
import { jetsonGenerated, jetsonK3s, jetsonWorkaround } from '../src/sim/worlds/jetson.ts';
import {
  CRIO_DROP_IN,
  CRIO_HANDLER,
  crioNode,
  k3sHealthy,
  k3sTemplate,
  k3sToolkitLate,
  kubeletNode,
  MICROK8S_ARGS,
  microk8sNode,
} from '../src/sim/worlds/kubernetes.ts';
import { edit } from './edited.ts';
import { HOST, K3S, LABELS, node } from './kube-words.ts';

const found = async (box: Box, severity = 'fault') =>
  (await checkBox(box)).findings.filter(f => f.severity === severity).map(f => f.id);
const planOf = async (world: World, fix: string, finding: string): Promise<Plan> => {
  const box = simBox(world);
  const plan = await proposeFix(box, fixById(fix)!, await collect(box).facts(), finding);
  assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
  return plan;
};
/** The box, and every command that it was asked to run. */
const watched = (box: Box) => {
  const ran: string[] = [];
  const run = (c: Command, s?: AbortSignal) => {
    ran.push(c.argv.join(' '));
    return box.run(c, s);
  };
  return { ran, box: { ...box, run } };
};
const OURS = /kubectl|crictl|k3s|containerd config|nvidia\/toolkit|\bcrio\b|microk8s|\bsnap\b/;

test('where no node is, nothing of a cluster is asked, and a client alone makes no node', async () => {
  const plain = watched(simBox(healthyNew()));
  await checkBox(plain.box);
  assert.deepEqual(
    plain.ran.filter(c => OURS.test(c)),
    [],
  );
  const world = healthyNew();
  world.fs.entries.set('/usr/bin/kubectl', world.fs.entries.get('/usr/bin/docker')!);
  const client = watched(simBox(world));
  await checkBox(client.box);
  assert.deepEqual(
    client.ran.filter(c => OURS.test(c)),
    [],
  );
});

test('a node in order has no finding; one whose pods want no GPU has none either', async () => {
  assert.deepEqual(await found(simBox(k3sHealthy())), []);
  assert.deepEqual(await found(simBox(k3sHealthy()), 'risk'), []);
  const unused = k3sHealthy({ workloads: [], labels: {}, classes: {} });
  clusterOf(unused)!.handlers = { runc: '' };
  assert.deepEqual(await found(simBox(unused)), []);
});

test('a node on CRI-O and a microk8s node in order have no finding, and are asked nothing of the other engines', async () => {
  for (const [world, foreign] of [
    [crioNode(), /^containerd|^microk8s|^crictl info/],
    [microk8sNode(), /^containerd|\bcrio\b|^crictl info/],
  ] as const) {
    const { ran, box } = watched(simBox(world));
    const report = await checkBox(box);
    assert.deepEqual([report.verdict, report.findings, report.unknown], ['ok', [], []], world.name);
    assert.deepEqual(
      ran.filter(c => foreign.test(c)),
      [],
    );
  }
});

test('what CRI-O left on a node that runs containerd makes it no node on CRI-O', async () => {
  const main = '/etc/containerd/config.toml';
  const handler =
    'version = 3\n[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.nvidia.options]\n  BinaryName = "/usr/bin/nvidia-container-runtime"\n';
  const world = kubeletNode('2.1.4', { [main]: handler, '/etc/crio/crio.conf.d/10-crio.conf': '[crio.runtime\n' });
  world.fs.entries.set('/run/containerd/containerd.sock', { type: 'socket', mode: 0o660, uid: 0, gid: 0, mtime: 1 });
  world.fs.entries.set('/usr/bin/crio', world.fs.entries.get('/usr/bin/kubectl')!);
  const { ran, box } = watched(simBox(world));
  assert.deepEqual(await found(box), []);
  assert.deepEqual(
    ran.filter(c => /\bcrio\b/.test(c)),
    [],
    'nothing of it is run',
  );
});

test('of a machine with both engines and no word from the kubelet nobody makes a guess', async () => {
  const world = crioNode();
  world.fs.entries.delete('/var/lib/kubelet/kubeadm-flags.env');
  const report = await checkBox(simBox(world));
  assert.equal(report.verdict, 'unknown');
  assert.deepEqual(report.findings, []);
  assert.ok(report.unknown.some(u => u.probe === 'which engine the kubelet uses'));
});

test('the table that CRI-O is given takes over the monitor of its default handler; nothing else is written', async () => {
  const plan = await planOf(crioNode('1.33.2', {}), 'configure-crio-for-nvidia', 'k8s-runtime-handler-missing');
  const [step] = plan.steps;
  assert.ok(step?.do === 'edit' && plan.steps.length === 1);
  assert.deepEqual([step.path, step.before], [CRIO_DROP_IN, null]);
  assert.equal(
    step.after,
    `[crio]

  [crio.runtime]

    [crio.runtime.runtimes]

      [crio.runtime.runtimes.nvidia]
        allowed_annotations = ["io.containers.trace-syscall"]
        monitor_path = "/usr/libexec/crio/conmon"
        runtime_path = "/usr/bin/nvidia-container-runtime"
        runtime_root = "/run/crun"
        runtime_type = "oci"
`,
  );
  assert.match(plan.summary, /without which CRI-O would not start.*exec, attach and log streams/s);
  assert.deepEqual([plan.privilege, plan.effect], [3, ['E1', 'RC']]);
  assert.deepEqual(
    [...plan.validate, ...plan.settle].map(c => c.argv.join(' ')),
    ['crio config', 'systemctl restart crio'],
  );
  assert.deepEqual(plan.interrupts, { containers: [], liveRestore: true, services: ['crio'] });
});

test('a table without a monitor is mended before CRI-O is started on it, and never by that start alone', async () => {
  const bare = `# by nvidia-ctk\n${CRIO_HANDLER.replace(/^monitor_path.*\n/m, '')}`;
  const world = crioNode('1.33.2', {});
  const box = simBox(world);
  await box.write(CRIO_DROP_IN, bare, { root: true });
  const report = await checkBox(box);
  const { facts } = report.internal;
  assert.deepEqual(
    report.findings
      .filter(f => f.severity === 'fault')
      .map(f => [f.id, f.explains.includes('k8s-runtime-handler-missing')]),
    [['containerd-config-not-effective', true]],
  );
  for (const id of ['containerd-config-not-effective', 'k8s-runtime-handler-missing'])
    assert.ok(!ladder(id, facts).some(f => f.id === 'restart-crio'), 'that start would fail');
  const plan = await planOf(world, 'configure-crio-for-nvidia', 'containerd-config-not-effective');
  const [step] = plan.steps;
  assert.ok(step?.do === 'edit');
  assert.equal(
    step.after,
    bare.replace(/$/, 'monitor_path = "/usr/libexec/crio/conmon"\n'),
    'the owner keeps every line',
  );
  const broken = await box.run({ argv: ['systemctl', 'restart', 'crio'], root: true, changes: true });
  assert.ok(broken.kind === 'exited' && broken.code === 1, 'as the real one would');
});

test('a broken drop-in ends the fix before CRI-O is restarted', async () => {
  const world = crioNode('1.33.2', {});
  const plan = await planOf(world, 'configure-crio-for-nvidia', 'k8s-runtime-handler-missing');
  const box = simBox(world);
  await box.write('/etc/crio/crio.conf.d/20-mirror.conf', '[crio.image\n', { root: true });
  const { ran, box: seen } = watched(box);
  const applied = await applyPlan(seen, plan, journalIn(memoryStore()));
  assert.equal(applied.kind, 'undone');
  assert.ok(!ran.slice(0, ran.indexOf('crio config') + 1).some(c => c.includes('restart')));
  assert.equal((await box.read(CRIO_DROP_IN)).kind, 'absent');
});

test('the template of microk8s keeps every line and its schema, and the generated file is left to the start', async () => {
  const world = microk8sNode('');
  const template = `${MICROK8S_ARGS}/containerd-template.toml`;
  const before = world.fs.entries.get(template);
  const plan = await planOf(world, 'add-nvidia-to-microk8s-template', 'k8s-runtime-handler-missing');
  assert.deepEqual(plan.touches, [template]);
  const [step] = plan.steps;
  assert.ok(step?.do === 'edit' && before?.type === 'file' && step.after!.startsWith(before.text));
  assert.equal(
    step.after!.slice(before.text.length).trim(),
    `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options]
BinaryName = "/usr/bin/nvidia-container-runtime"`,
    'no cgroup driver that microk8s does not use',
  );
  assert.deepEqual(
    plan.settle.map(c => c.argv.join(' ')),
    ['snap restart microk8s.daemon-containerd'],
  );
  assert.deepEqual(plan.interrupts?.services, ['snap.microk8s.daemon-containerd']);
});

test('a cluster that does not know this machine is not believed about it', async () => {
  const broken = node({ classes: [], labels: { ...LABELS, 'kubernetes.io/hostname': 'other' } })(edit('healthy@new'));
  broken.says('hostname', 'laptop\n');
  const report = await checkBox(broken.box());
  assert.deepEqual(
    report.findings.filter(f => f.severity === 'fault'),
    [],
  );
  // A shared recording has other names, and one number that stays the same on both sides.
  const shared = node({ classes: [['x', 'x']] })(edit('healthy@new'));
  shared.says('hostname', 'host-1\n').file('/proc/sys/kernel/random/boot_id', 'uuid-2\n');
  shared.draft.commands = shared.draft.commands.map(c =>
    c.argv.includes('nodes') ? { ...c, stdout: c.stdout.replaceAll(HOST, 'host-2').replace(/\n$/, '\tuuid-2\n') } : c,
  );
  assert.deepEqual(await found(shared.box()), ['k8s-runtimeclass-missing']);
  const known = node({ classes: [['x', 'x']] })(edit('healthy@new'));
  known.says('hostname', `${HOST}.lab.example.net\n`);
  assert.deepEqual(await found(known.box()), ['k8s-runtimeclass-missing'], 'the short name is the same machine');
});

test('what the runtime lacks is one finding; plugin and waiting pods follow from it', async () => {
  const report = await checkBox(simBox(k3sToolkitLate()));
  assert.deepEqual(
    report.findings.filter(f => f.severity === 'fault').map(f => f.id),
    ['k3s-runtime-not-detected'],
  );
  assert.deepEqual(report.findings[0]!.explains, ['k8s-insufficient-gpu']);
  assert.ok(
    report.ways.every(w => w.works),
    'Docker goes its own way',
  );
});

test('an agent of k3s has a unit of its own name, and no client that could say so', async () => {
  const settle = async (world: World) =>
    (await planOf(world, 'restart-k3s', 'k3s-runtime-not-detected')).settle?.map(s => s.argv.join(' '));
  const agent = k3sToolkitLate();
  agent.fs.entries.delete('/var/lib/rancher/k3s/server');
  assert.deepEqual(await settle(k3sToolkitLate()), ['systemctl restart k3s']);
  assert.deepEqual(await settle(agent), ['systemctl restart k3s-agent']);
});

test('two independent faults are two findings: an old template, and a class that is not there', async () => {
  const world = k3sTemplate();
  clusterOf(world)!.classes = {};
  assert.deepEqual(await found(simBox(world)), ['k3s-template-override', 'k8s-runtimeclass-missing']);
});

test('of two templates the one counts that this containerd reads', async () => {
  const templates = (b: ReturnType<typeof edit>) =>
    b.file(`${K3S}/config-v3.toml.tmpl`, 'version = 3\n').file(`${K3S}/config.toml.tmpl`, 'version = 2\n');
  const named = async (version: 2 | 3) => {
    const box = templates(node({ handlers: ['runc'] })(edit('healthy@new')));
    box.file(`${K3S}/config.toml`, `version = ${version}\n`);
    return (await checkBox(box.box())).findings[0]!.evidence.map(e => e.from).find(from => from.endsWith('.tmpl'));
  };
  assert.deepEqual([await named(3), await named(2)], [`${K3S}/config-v3.toml.tmpl`, `${K3S}/config.toml.tmpl`]);
});

test('the handler is written in the schema of this containerd, and SystemdCgroup stays', async () => {
  const main = '/etc/containerd/config.toml';
  const old = `version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"\n  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\n    SystemdCgroup = true\n`;
  const one = await planOf(
    kubeletNode('1.7.24', { [main]: old }),
    'configure-containerd-for-nvidia',
    'k8s-runtime-handler-missing',
  );
  assert.deepEqual(one.touches, [main]);
  const [step] = one.steps;
  assert.ok(step?.do === 'edit' && step.after!.startsWith(old), 'nothing of the owner is changed');
  assert.match(
    step.after!,
    /io\.containerd\.grpc\.v1\.cri".containerd\.runtimes\.nvidia\.options\]\n(?:.*\n)*?\s*SystemdCgroup = true/,
  );
  const two = await planOf(
    kubeletNode('2.1.4', { [main]: '# ours\nversion = 3\n' }),
    'configure-containerd-for-nvidia',
    'k8s-runtime-handler-missing',
  );
  assert.deepEqual(two.touches, ['/etc/containerd/conf.d/99-nvidia.toml', main]);
  const texts = two.steps.map(s => (s.do === 'edit' ? s.after! : ''));
  assert.match(texts[0]!, /^version = 3\n\n\[plugins\."io\.containerd\.cri\.v1\.runtime"/);
  assert.match(texts[1]!, /# ours/);
  assert.match(texts[1]!, /imports = \["\/etc\/containerd\/conf\.d\/\*\.toml"\]/);
  assert.deepEqual(two.interrupts, { containers: [], liveRestore: true, services: ['containerd'] });
});

test('fixes of cluster objects are patches, and an undo leaves the objects as they were', async () => {
  const cases = [
    [jetsonK3s, 'ask-for-gpu-in-pod', 'tegra-no-request'],
    [jetsonK3s, 'mount-driver-into-pod', 'tegra-no-request'],
    [jetsonK3s, 'set-runtime-class-in-plugin', 'tegra-gfd-labels'],
    [jetsonK3s, 'label-jetson-node', 'tegra-gfd-labels'],
    [() => k3sHealthy({ classes: {} }), 'apply-nvidia-runtime-class', 'k8s-runtimeclass-missing'],
  ] as const;
  for (const [make, fix, finding] of cases) {
    const world = make();
    const state = () =>
      JSON.stringify([clusterOf(world)!.workloads, clusterOf(world)!.classes, clusterOf(world)!.labels]);
    const before = state();
    const plan = await planOf(world, fix, finding);
    const store = memoryStore();
    const box = simBox(world);
    const applied = await applyPlan(box, plan, journalIn(store));
    assert.ok(applied.kind === 'applied', fix);
    assert.notEqual(state(), before, fix);
    const undone = await undoSession(box, store, applied.session);
    assert.equal(undone.kind, 'undone', fix);
    assert.equal(state(), before, fix);
  }
});

test('seed 3: the request heals the pod without a privilege; the work-around is offered last, with its price', async () => {
  const world = jetsonK3s();
  const box = simBox(world);
  const { facts } = (await checkBox(box)).internal;
  const offers = ladder('tegra-no-request', facts);
  assert.deepEqual(
    offers.map(f => [f.id, f.privilege]),
    [
      ['ask-for-gpu-in-pod', 2],
      ['retest-workaround', 0],
      ['ask-on-a-jetson', 1],
      ['mount-driver-into-pod', 4],
    ],
  );
  const last = await planOf(world, 'mount-driver-into-pod', 'tegra-no-request');
  assert.match(last.summary, /price.*Remove it as soon as/s);
  const plan = await planOf(world, 'ask-for-gpu-in-pod', 'tegra-no-request');
  assert.ok(plan.steps.every(s => s.do === 'run' && !s.command.argv.join(' ').includes('privileged')));
  await applyPlan(box, plan, journalIn(memoryStore()));
  assert.deepEqual(await found(box), []);
});

test('a pod that a controller writes has no file to edit: refused by name, with what belongs there', async () => {
  const box = simBox(jetsonGenerated());
  const { facts } = (await checkBox(box)).internal;
  for (const fix of ['ask-for-gpu-in-pod', 'mount-driver-into-pod']) {
    const plan = await proposeFix(box, fixById(fix)!, facts, 'tegra-no-request');
    assert.ok(isRefusal(plan));
    assert.match(plan.refuse, /generated by binder/);
    assert.match(plan.instead!.join('\n'), /set it in binder itself/);
  }
});

test('the four steps of the notes as a re-test: each runs, names its privilege, and tells that the request is enough', async () => {
  const world = jetsonWorkaround();
  const box = simBox(world);
  const { facts } = (await checkBox(box)).internal;
  const guide = ladder('over-privileged-workaround', facts).find(f => f.id === 'retest-workaround')!.guide!(facts);
  const tests = guide.filter(s => s.argv?.includes('run'));
  assert.equal(tests.length, 4);
  const said: string[] = [];
  for (const t of tests) {
    assert.match(t.say, /privilege|reads files/);
    const ran = await box.run({ argv: t.argv as [string, ...string[]] });
    said.push(ran.kind === 'exited' ? (ran.stdout.trim().split('\n').at(-1) ?? '').slice(0, 8) : ran.kind);
  }
  assert.deepEqual(said, ['OSError:', '0', '100', '0']);
  assert.deepEqual(
    guide.flatMap(s => s.argv?.find(a => a.includes('runtime.mode=')) ?? []).map(a => a.split('=')[1]),
    ['csv', 'legacy', 'auto'],
  );
});

test('an agent without a client that may ask is judged by its own files', async () => {
  const world = k3sToolkitLate();
  clusterOf(world)!.workloads = [];
  for (const p of ['/usr/bin/docker', '/usr/bin/dockerd']) world.fs.entries.delete(p);
  const box = simBox(world);
  const agent: Box = {
    ...box,
    run: async c =>
      c.argv[1] === 'kubectl'
        ? { kind: 'exited', code: 1, stdout: '', stderr: 'The connection to the server localhost:8080 was refused' }
        : box.run(c),
  };
  assert.deepEqual(await found(agent), ['k3s-runtime-not-detected']);
});

test('who may not ask the cluster is told so: no guess, and no healthy verdict', async () => {
  const box = simBox(k3sHealthy());
  const closed: Box = {
    ...box,
    run: async c =>
      c.argv[0] === 'k3s'
        ? { kind: 'exited', code: 1, stdout: '', stderr: 'open /etc/rancher/k3s/k3s.yaml: permission denied' }
        : box.run(c),
  };
  const report = await checkBox(closed);
  assert.equal(report.verdict, 'unknown');
  assert.deepEqual(report.findings, []);
  assert.ok(
    report.ways.every(w => w.works),
    'Docker is told all the same',
  );
  assert.deepEqual(report.unknown, [{ probe: 'kubectl get nodes', because: 'denied' }]);
});

test('a patch that leaves the pod failing is taken back by itself', async () => {
  const world = jetsonK3s();
  const plan = await planOf(world, 'ask-for-gpu-in-pod', 'tegra-no-request');
  const before = JSON.stringify(clusterOf(world)!.workloads);
  // Asked for or not, this toolkit leaves the nodes of a Thor out.
  (world.versions as { toolkit: string }).toolkit = '1.17.5';
  const applied = await applyPlan(simBox(world), plan, journalIn(memoryStore()));
  assert.equal(applied.kind, 'undone');
  assert.equal(JSON.stringify(clusterOf(world)!.workloads), before);
});

test('a manifest that goes to standard input stands in the commands to copy', async () => {
  const plan = await planOf(k3sHealthy({ classes: {} }), 'apply-nvidia-runtime-class', 'k8s-runtimeclass-missing');
  const [line] = commandsOf(plan).flatMap(s => s.commands);
  assert.match(
    line!,
    /^printf %s '\{"apiVersion":"node\.k8s\.io\/v1","kind":"RuntimeClass".*\n?' \| sudo k3s kubectl apply -f -$/s,
  );
});

test('the simulated kubectl merges as the real one does', () => {
  const spec = {
    containers: [{ name: 'a', env: [{ name: 'X', value: '1' }] }, { name: 'b' }],
    runtimeClassName: 'nvidia',
  };
  assert.deepEqual(
    merge(spec, {
      runtimeClassName: null,
      containers: [
        {
          name: 'a',
          env: [
            { name: 'X', $patch: 'delete' },
            { name: 'Y', value: '2' },
          ],
        },
      ],
    }),
    { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }, { name: 'b' }] },
  );
  assert.equal(
    jsonpath(
      'jsonpath={range .items[*]}{.metadata.name}{"\\t"}{.env[?(@.name=="A")].value}{"\\t"}{.limits}{"\\n"}{end}'.slice(
        9,
      ),
      {
        items: [
          { metadata: { name: 'p' }, env: [{ name: 'A', value: '7' }], limits: { 'nvidia.com/gpu': '1' } },
          { metadata: { name: 'q' } },
        ],
      },
    ),
    'p\t7\t{"nvidia.com/gpu":"1"}\nq\t\t\n',
  );
});
