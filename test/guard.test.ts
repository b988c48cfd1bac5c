/** Lines that destroy something are stopped with a reason; lines that merely look like it are not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fixes } from '../flows/fixes/index.ts';
import { dangers } from '../flows/guard.ts';
import { modes } from '../flows/modes/index.ts';
import { checkBox } from '../src/engine/report.ts';
import { guard } from '../src/guard/guard.ts';
import { guardText } from '../src/guard/text.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';

const ids = (text: string) => guard(text).map(w => w.id);

const dangerous: Readonly<Record<string, string>> = {
  'docker system prune -af --volumes': 'prune-volumes',
  'sudo docker system prune --volumes -f': 'prune-volumes',
  'docker system prune -af': 'prune-everything',
  'docker volume prune -f': 'prune-volumes',
  'docker compose -f a.yml down -v': 'down-with-volumes',
  'docker-compose down --volumes && docker-compose build': 'down-with-volumes',
  'sudo rm -rf /var/lib/docker': 'remove-data-folder',
  'systemctl stop docker; sudo rm -fr /var/lib/containerd/*': 'remove-data-folder',
  'rm -rf /etc/docker': 'remove-config-folder',
  'sudo rm /etc/docker/daemon.json': 'remove-config-folder',
  'snap remove --purge docker': 'purge-snap',
  "sudo tee /etc/docker/daemon.json > /dev/null << 'EOF'": 'overwrite-configuration',
  'echo "{}" | sudo tee /etc/docker/daemon.json': 'overwrite-configuration',
  'echo "{}" > /etc/docker/daemon.json': 'overwrite-configuration',
  'cp daemon.json /etc/docker/daemon.json': 'overwrite-configuration',
  'containerd config default > /etc/containerd/config.toml': 'overwrite-configuration',
  'echo "{}" >> /etc/docker/daemon.json': 'append-json',
  "sudo apt purge 'nvidia-*' -y": 'purge-driver',
  'apt-get remove --purge "^nvidia-.*"': 'purge-driver',
  'sudo chmod 777 /dev/nvidia*': 'open-nodes',
  'sudo chmod -R a+rwx /dev/dri': 'open-nodes',
  'sudo setenforce 0': 'selinux-off',
  "sed -i 's/SELINUX=enforcing/SELINUX=disabled/' /etc/selinux/config": 'selinux-off',
  'systemctl disable --now apparmor': 'apparmor-off',
  'mokutil --disable-validation': 'secure-boot-off',
  'First, disable Secure Boot in the BIOS.': 'secure-boot-off',
  'sudo pkill -9 containerd': 'kill-engine',
  'nvidia-smi --gpu-reset -i 0': 'reset-gpu',
  'docker rm -f $(docker ps -aq)': 'remove-all-containers',
  '- `sudo docker system prune -af --volumes`': 'prune-volumes',
  "bash -c 'docker volume prune -f; true'": 'prune-volumes',
};

for (const [line, id] of Object.entries(dangerous)) {
  test(`stopped: ${line}`, () => {
    const found = guard(`nvidia-smi\n${line}\nls`);
    assert.deepEqual(
      found.map(w => w.id),
      [id],
    );
    assert.equal(found[0]!.line, 2);
    assert.ok(found[0]!.because.length > 20 && found[0]!.instead.length > 5);
  });
}

const harmless = [
  'docker system df',
  'docker image prune',
  'docker compose down',
  'docker compose up -v',
  'docker run -v /var/lib/docker:/x alpine ls',
  'rm -rf ./build',
  'rm /tmp/daemon.json',
  'sudo rm /etc/cdi/nvidia-old.yaml',
  'cat /etc/docker/daemon.json',
  'cp /etc/docker/daemon.json /root/daemon.json.bak',
  'cp /etc/docker/daemon.json ./backup.json',
  'nvidia-ctk runtime configure --runtime=docker',
  'apt install nvidia-container-toolkit',
  'apt remove nano',
  'sudo apt-get remove nvidia-container-toolkit',
  'apt purge nvidia-docker2',
  'chmod 666 /dev/nvidia0',
  'chmod 755 run.sh',
  'setenforce 1',
  'getenforce',
  'mokutil --sb-state',
  'Secure Boot is enabled',
  'nvidia-smi -L',
  'nvidia-smi',
  'kill 4711',
  'docker stop web',
  '# docker system prune -af --volumes deletes your data',
  'echo "never run docker system prune -af --volumes"',
  'journalctl -u docker | grep prune',
];

for (const line of harmless) test(`not stopped: ${line}`, () => assert.deepEqual(ids(line), []));

test('a command over several lines is one command', () => {
  assert.deepEqual(
    guard('ls\ndocker system prune \\\n  -af \\\n  --volumes').map(w => [w.line, w.id]),
    [[2, 'prune-volumes']],
  );
});

test('every danger is stopped by an example', () => {
  assert.deepEqual(
    [...new Set(dangers.map(d => d.id))].filter(id => !Object.values(dangerous).includes(id)),
    [],
  );
});

test('any text is looked at without trouble, and a long line does not hold it up', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), t => Array.isArray(guard(t))),
    { numRuns: 200 },
  );
  assert.deepEqual(ids(`${'sudo '.repeat(20_000)}x`), []);
  assert.deepEqual(ids(`rm ${'-r '.repeat(50_000)}`), []);
});

test('a warning says where, why and what instead, and escapes of the pasted text stay out', () => {
  const text = guardText(guard('ls\n\u001b[2Jx; sudo setenforce 0'), { columns: 80, colour: false, ascii: true });
  assert.match(text, /!! Do not run line 2: protection is lost/);
  assert.match(text, /Why +it switches SELinux off/);
  assert.match(text, /Instead +One switch/);
  assert.ok(!text.includes('\u001b'));
  assert.equal(guardText([], { columns: 80, colour: false, ascii: true }), '');
});

test('nothing that the program itself proposes would be stopped', async () => {
  const lines = new Set<string>();
  for (const m of Object.values(modes)) for (const g of m.guide) lines.add(g);
  for (const name of ['healthy-new', 'cdi-spec-stale', 'over-privileged', 'nouveau']) {
    const { facts } = (await checkBox(simBox(await demos[name]!.load()))).internal;
    for (const f of fixes) {
      try {
        for (const step of f.guide?.(facts) ?? []) lines.add(step.argv ? step.argv.join(' ') : step.say);
      } catch {
        // A guide for another kind of machine.
      }
    }
  }
  assert.ok(lines.size > 200);
  // A GPU that no longer answers, its clients stopped before: the one place where a reset is right.
  const last = ['sudo nvidia-smi -r -i 0'];
  const stopped = [...lines].filter(l => guard(l).length > 0 && !last.includes(l));
  assert.deepEqual(stopped, []);
});
