/**
 * Edited files read by programs of others. What CI installs has to be there in CI. Not to be had from the registries of a
 * Debian machine: a current Docker Compose and its loader (the packaged one knows neither gpus: nor CDI names), k3s.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeTomlTemplate, setTomlTemplate } from '../src/files/toml-template.ts';
import { removeUnit, setUnit } from '../src/text/unit.ts';

const unit = `# made at a boot long ago
[Unit]
Description=Generate NVIDIA Container Device Interface
After=multi-user.target
Wants=nvidia-persistenced.service

[Service]
Type=oneshot
ExecStart=/bin/true cdi generate \\
    --output=/etc/cdi/nvidia.yaml
RemainAfterExit=true
User=root

[Install]
WantedBy=multi-user.target
`;

const isMissing = spawnSync('systemd-analyze', ['--version']).status !== 0 && process.env.CI !== 'true';

test('systemd-analyze verify finds nothing in an edited unit', {
  skip: isMissing && 'systemd-analyze is not here',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpumedic-units-'));
  try {
    let text = unit;
    for (const edit of [
      (t: string) => removeUnit(t, 'Unit', 'After'),
      (t: string) => setUnit(t, 'Unit', 'ConditionPathExists', '/dev/nvidiactl'),
      (t: string) => setUnit(t, 'Service', 'ExecStart', '/bin/true'),
    ]) {
      const done = edit(text);
      assert.ok(done.ok && done.changed);
      text = done.text;
    }
    const path = join(folder, 'gpumedic-test.service');
    writeFileSync(path, text);
    const ran = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', path], {
      encoding: 'utf8',
    });
    assert.deepEqual([ran.status, ran.stderr.split('\n').filter(l => l.includes('gpumedic-test'))], [0, []]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const template = `version = 3
{{ template "base" . }}

# ours
[plugins.'io.containerd.cri.v1.runtime']
  enable_cdi = false # later
{{- if .NodeConfig.SELinux }}
  enable_selinux = true
{{- end }}
`;

test('a template of k3s is edited around its template lines', () => {
  const table = "plugins.'io.containerd.cri.v1.runtime'";
  const done = setTomlTemplate(template, table, 'enable_cdi', 'true');
  assert.ok(done.ok, JSON.stringify(done));
  assert.equal(done.text, template.replace('enable_cdi = false', 'enable_cdi = true'));
  const again = setTomlTemplate(done.text, table, 'enable_cdi', 'true');
  assert.deepEqual([again.ok, again.ok && again.changed], [true, false]);
  const gone = removeTomlTemplate(template.replaceAll('\n', '\r\n'), table, 'enable_cdi');
  assert.ok(gone.ok);
  assert.match(gone.text, /\{\{ template "base" \. \}\}\r\n/);
  assert.match(gone.text, /\{\{- if \.NodeConfig\.SELinux \}\}\r\n/);
});
