/** What the field reference says programs do (sections 1.2 to 1.6 and the entries named here), asked of the simulation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIn } from '../src/sim/box.ts';
import { file, link, mkdir, overwrite, remove, text } from '../src/sim/fs.ts';
import { configPath } from '../src/sim/toolkit-config.ts';
import type { World } from '../src/sim/world.ts';
import { daemonJsonWith, machine } from '../src/sim/worlds/machine.ts';
import { installToolkit } from '../src/sim/worlds/software.ts';
import { specFor, writeSpec } from '../src/sim/worlds/specs.ts';

const v114 = (json?: string) =>
  machine({ name: 'v114', docker: '26.1.5', toolkit: '1.14.6', ...(json ? { daemonJson: json } : {}) });
const old = (json?: string) =>
  machine({ name: 'old', docker: '26.1.5', toolkit: '1.17.8', podman: '5.4.2', ...(json ? { daemonJson: json } : {}) });
const fresh = (json?: string) =>
  machine({ name: 'new', docker: '29.7.2', toolkit: '1.20.0', podman: '5.4.2', ...(json ? { daemonJson: json } : {}) });
const cdi26 = daemonJsonWith({ features: { cdi: true } });

const words = (line: string): [string, ...string[]] =>
  (line.match(/'[^']*'|\S+/g) ?? []).map(w => w.replaceAll("'", '')) as [string, ...string[]];
const ask = (world: World, line: string): { code: number; text: string } => {
  const ran = runIn(world, { argv: words(line) });
  return ran.kind === 'exited' ? { code: ran.code, text: ran.stdout + ran.stderr } : { code: -1, text: ran.kind };
};
const set = (world: World, from: string, to: string): World => {
  const before = text(world.fs, configPath) ?? '';
  assert.ok(before.includes(from), from);
  overwrite(world.fs, configPath, before.replace(from, to));
  return world;
};
const gpus = 'docker run --rm --gpus all debian:trixie nvidia-smi -L';
const runtime = 'docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all debian:trixie nvidia-smi -L';
const cdi = 'docker run --rm --device nvidia.com/gpu=all debian:trixie nvidia-smi -L';
const listed = /^GPU 0: NVIDIA/;

/** Says which passage it checks; each line of the table is one start or command and what it prints. */
const says = (name: string, table: readonly (readonly [World, string, RegExp, number?])[]): void => {
  test(name, () => {
    for (const [world, line, shows, code] of table) {
      const got = ask(world, line);
      assert.match(got.text, shows, line);
      if (code !== undefined) assert.equal(got.code, code, `${line}: ${got.text}`);
    }
  });
};

test('1.2: the classes of the CLI appear in their order, each once the earlier ones are right', () => {
  const world = v114();
  set(world, '#root = "/run/nvidia/driver"', 'root = "/run/nvidia/driver"');
  set(world, '#ldcache = "/etc/ld.so.cache"', 'ldcache = "/etc/no.cache"');
  set(world, '"@/sbin/ldconfig"', '"@/sbin/no-ldconfig"');
  const start = (extra = ''): string =>
    ask(world, `docker run --rm --gpus ${extra || 'all'} -e NVIDIA_REQUIRE_X=cuda>=99 debian:trixie true`).text;
  assert.match(start(), /initialization error: change root failed: no such file or directory/);
  mkdir(world.fs, '/run/nvidia/driver');
  assert.match(start(), /initialization error: load library failed: libnvidia-ml\.so\.1/);
  set(world, 'root = "/run/nvidia/driver"', 'root = ""');
  assert.match(start(), /detection error: open failed: \/etc\/no\.cache: no such file or directory/);
  set(world, 'ldcache = "/etc/no.cache"', '');
  assert.match(start('device=7'), /device error: 7: unknown device/);
  assert.match(start(), /requirement error: unsatisfied condition: cuda>=99, please update your driver/);
  assert.match(ask(world, gpus).text, /ldcache error: open failed: \/sbin\/no-ldconfig: no such file or directory/);
});

says('1.3: modes', [
  [set(old(), 'mode = "auto"', 'mode = "CDI"'), runtime, /invalid runtime mode: CDI/],
  [set(old(), 'mode = "auto"', 'mode = "jit-cdi"'), runtime, /invalid runtime mode: jit-cdi/],
  [set(fresh(), 'mode = "auto"', 'mode = "CDI"'), runtime, /invalid mode "CDI"/],
  [set(fresh(), 'mode = "auto"', 'mode = ""'), runtime, /a mode must be specified/],
  [
    set(old(), 'mode = "auto"', 'mode = "nonsense"'),
    gpus,
    /Using requested mode 'nonsense'\ninvoking the NVIDIA Container Runtime Hook directly/,
    125,
  ],
  [old(), 'docker run --rm --gpus device=nvidia.com/gpu=0 debian:trixie true', /Auto-detected mode as 'cdi'\ninvoking/],
  [fresh(), 'docker run --rm --gpus device=nvidia.com/gpu=0 debian:trixie nvidia-smi -L', listed],
]);

test('1.3: with --runtime the modes that are not legacy take the hook out, but not on 1.14', () => {
  for (const [world, works] of [
    [old(cdi26), true],
    [v114(cdi26), false],
  ] as const) {
    set(world, 'mode = "auto"', 'mode = "cdi"');
    writeSpec(world, world.versions.toolkit!);
    assert.equal(ask(world, gpus.replace('--gpus all', '--runtime=nvidia --gpus all')).code === 0, works, world.name);
    assert.notEqual(ask(world, gpus).code, 0, 'plain --gpus is refused on both');
  }
  const byDefault = old(daemonJsonWith({ 'default-runtime': 'nvidia' }));
  set(byDefault, 'mode = "auto"', 'mode = "cdi"');
  writeSpec(byDefault, '1.17.8');
  assert.match(ask(byDefault, gpus).text, listed);
});

says('1.4: the ldconfig key', [
  [set(v114(), '"@/sbin/ldconfig"', '"/sbin/ldconfig"'), gpus, listed],
  [
    set(old(), '"@/sbin/ldconfig"', '"/sbin/ldconfig"'),
    gpus,
    /value "\/sbin\/ldconfig" is not host-relative \(does not start with a '@'\)/,
  ],
  [set(old(), '"@/sbin/ldconfig"', '""'), gpus, /value "" is not host-relative/],
  [
    set(old(), '"@/sbin/ldconfig"', '"/sbin/ldconfig"'),
    runtime,
    /unable to retrieve OCI runtime error .*log\.json: no such file or directory\): nvidia-container-runtime did not terminate successfully: exit status 1/,
  ],
  [set(old(), '"@/sbin/ldconfig"', '"@/sbin/ldconfig.real"'), gpus, listed],
  [set(old(), 'ldconfig = "@/sbin/ldconfig"\n', ''), gpus, listed],
]);

test('1.4: what a save with --set does to other lines, by version', () => {
  const before120 = set(old(), '#root = "/run/nvidia/driver"', 'root = "/run/nvidia/driver"');
  ask(before120, 'nvidia-ctk config --in-place --set nvidia-container-runtime.mode=cdi');
  assert.match(text(before120.fs, configPath)!, /^#root = "\/run\/nvidia\/driver"$/m);
  const after = set(fresh(), '#root = "/run/nvidia/driver"', 'root = "/run/nvidia/driver"');
  ask(after, 'nvidia-ctk config --in-place --set nvidia-container-runtime.mode=CDI');
  assert.match(text(after.fs, configPath)!, /^root = /m);
  assert.match(text(after.fs, configPath)!, /^mode = "CDI"$/m);
  assert.match(ask(after, 'nvidia-ctk config --set x=y').text, /undefined field: .*x/);
  assert.equal(ask(after, 'nvidia-ctk config --set nvidia-container-runtime.runtimes=crun,runc').code, 1);
  ask(after, 'nvidia-ctk config --in-place --set nvidia-container-runtime.runtimes=crun:runc');
  assert.match(text(after.fs, configPath)!, /^runtimes = \["crun", "runc"\]$/m);
});

test('1.5: which specs count', () => {
  const world = fresh();
  const names = (): string => ask(world, 'nvidia-ctk cdi list').text;
  file(world.fs, '/etc/cdi/nvidia.yaml', specFor(world, '1.20.0', '550.163.01'));
  assert.match(ask(world, cdi).text, listed, 'the later directory wins');
  remove(world.fs, '/run/cdi/nvidia.yaml');
  assert.match(
    ask(world, cdi).text,
    /failed to fulfil mount request: open \S+550\.163\.01: no such file/,
    'removed files count at once',
  );
  assert.match(ask(world, gpus).text, /failed to fulfil mount request/, '--gpus does not fall back from a stale spec');
  assert.match(ask(world, gpus.replace('all', 'all,driver=nvidia.runtime-hook')).text, listed);
  file(world.fs, '/etc/cdi/nvidia.yaml', specFor(world, '1.20.0'));
  file(
    world.fs,
    '/etc/cdi/extra.json',
    JSON.stringify({
      cdiVersion: '0.5.0',
      kind: 'nvidia.com/gpu',
      devices: [{ name: 'all', containerEdits: { env: ['X=1'] } }],
    }),
  );
  assert.match(
    names(),
    /conflicting device \\"nvidia\.com\/gpu=all\\" \(specs \\"\/etc\/cdi\/extra\.json\\", \\"\/etc\/cdi\/nvidia\.yaml\\"\)/,
  );
  assert.match(ask(world, cdi).text, /unresolvable CDI devices nvidia\.com\/gpu=all/);
  assert.match(ask(world, cdi.replace('=all', '=0')).text, listed, 'the other devices of both files stay usable');
  assert.match(ask(world, 'docker info').text, /Discovered Devices:\n {2}cdi: nvidia\.com\/gpu=0/);
  ask(world, 'mv /etc/cdi/extra.json /etc/cdi/extra.json.bak');
  assert.match(ask(world, cdi).text, listed, '.bak is not read');
  ask(world, 'mv /etc/cdi/nvidia.yaml /etc/cdi/nvidia.yml');
  assert.match(ask(world, cdi).text, /unresolvable/, '.yml is not read');
});

test('1.5: versions, malformed files and one-letter vendors', () => {
  const spec = (version: string): string =>
    JSON.stringify({
      cdiVersion: version,
      kind: 'nvidia.com/gpu',
      devices: [{ name: 'all', containerEdits: { env: ['A=1'] } }],
    });
  const accepts = (world: World, line: string, version: string): boolean => {
    file(world.fs, '/etc/cdi/nvidia.json', spec(version));
    return !/unresolvable/.test(ask(world, line).text);
  };
  const podman = 'podman run --rm --device nvidia.com/gpu=all localhost/debian:trixie true';
  const plain = cdi.replace('nvidia-smi -L', 'true');
  const one = old(cdi26);
  const two = fresh();
  remove(two.fs, '/run/cdi');
  assert.deepEqual(
    ['0.7.0', '0.8.0'].map(v => accepts(one, plain, v)),
    [true, false],
    'Docker 26.1',
  );
  assert.deepEqual(
    ['1.1.0', '1.2.0'].map(v => accepts(two, plain, v)),
    [true, false],
    'Docker 29.7',
  );
  assert.deepEqual(
    ['0.8.0', '1.0.0'].map(v => accepts(one, podman, v)),
    [true, false],
    'Podman 5.4.2',
  );
  file(two.fs, '/etc/cdi/nvidia.json', '');
  assert.match(ask(two, 'nvidia-ctk cdi list').text, /no Spec data/);
  file(two.fs, '/etc/cdi/nvidia.json', spec('0.5.0').replace('env', 'envs'));
  assert.match(ask(two, 'nvidia-ctk cdi list').text, /json: unknown field \\"envs\\"/);
  file(two.fs, '/etc/cdi/x.json', spec('0.5.0').replace('nvidia.com/gpu', 'x.com/d'));
  assert.match(ask(two, 'nvidia-ctk cdi list').text, /slice bounds out of range \[1:0\]/);
  assert.equal(ask(two, 'dockerd --validate').code, 0);
  assert.equal(ask(two, 'systemctl restart docker').code, 1);
  assert.match(ask(two, 'journalctl -u docker -n 30 -o cat').text, /validateVendorOrClassName/);
  ask(two, 'rm /etc/cdi/x.json');
  ask(two, 'systemctl reset-failed docker.service docker.socket');
  assert.equal(ask(two, 'systemctl start docker').code, 0);
});

test('1.5: a spec directory that is a link is followed by Docker 29 only', () => {
  for (const [world, follows] of [
    [fresh(), true],
    [old(cdi26), false],
  ] as const) {
    const content = specFor(world, world.versions.toolkit!);
    remove(world.fs, '/run/cdi');
    remove(world.fs, '/etc/cdi');
    file(world.fs, '/srv/specs/nvidia.yaml', content);
    link(world.fs, '/etc/cdi', '/srv/specs');
    ask(world, 'systemctl restart docker');
    assert.equal(ask(world, cdi).code === 0, follows, world.name);
    assert.match(ask(world, 'nvidia-ctk cdi list').text, /Found 0 CDI devices/);
  }
});

test('1.6: what a reload takes in, and what it does not', () => {
  for (const world of [old(daemonJsonWith()), fresh(daemonJsonWith())]) {
    const runtimes = (): string => ask(world, "docker info --format '{{json .Runtimes}}'").text;
    overwrite(
      world.fs,
      '/etc/docker/daemon.json',
      '{"live-restore": true, "runtimes": {"mine": {"path": "/usr/bin/crun"}}, "features": {"cdi": false}}',
    );
    ask(world, 'systemctl reload docker');
    assert.match(runtimes(), /"mine"/, 'added');
    assert.match(runtimes(), /"nvidia"/, 'not taken away');
    assert.match(ask(world, "docker info --format '{{.LiveRestoreEnabled}}'").text, /true/);
    if (world.name === 'new') assert.match(ask(world, cdi).text, listed, 'CDI stays on');
    overwrite(world.fs, '/etc/docker/daemon.json', '{');
    assert.equal(ask(world, 'systemctl reload docker').code, 0);
    assert.match(ask(world, 'journalctl -u docker -n 3 -o cat').text, /unexpected end of JSON input/);
    assert.match(runtimes(), /"mine"/);
    overwrite(world.fs, '/etc/docker/daemon.json', '{}');
    ask(world, 'systemctl restart docker');
    assert.doesNotMatch(runtimes(), /"nvidia"|"mine"/);
  }
});

test('1.6: what dockerd --validate sees, and what only the start sees', () => {
  const cases: readonly (readonly [string, RegExp | null, boolean])[] = [
    ['{"runtimes": {},}', /invalid character '}' looking for beginning of object key string/, false],
    ['{"runtimes": {"nvidia": {"path": "x"}}', /unexpected end of JSON input/, false],
    [
      '{"runtimes": "nvidia"}',
      /json: cannot unmarshal string into Go struct field Config\.runtimes of type map/,
      false,
    ],
    [
      '{"runtimes": {"nvidia": "x"}}',
      /json: cannot unmarshal string into Go struct field Config\.runtimes of type system\.Runtime/,
      false,
    ],
    ['{"feature": {"cdi": true}}', /the following directives don't match any configuration option: cdi/, false],
    ['{"nonsense": 1}', /don't match any configuration option: nonsense/, false],
    ['{"default-runtime": "nvidia"}', null, false],
    ['{"runtimes": {"runc": {"path": "runc"}}}', null, false],
    ['{"hosts": ["unix:///var/run/docker.sock"]}', null, false],
    ['{"runtimes": {"nvidia": {"path": "/nowhere"}}}', null, true],
    ['{"cdi-spec-dirs": ["nowhere"]}', null, true],
    ['{"features": {"CDI": true, "whatever": true}}', null, true],
    ['{"cdi-spec-dir": ["/etc/cdi"]}', null, true],
    ['', null, true],
    ['\u{feff}{}', null, true],
    ['{"debug": false, "debug": true}', null, true],
  ];
  for (const [content, sees, starts] of cases)
    for (const world of [old(), fresh()]) {
      overwrite(world.fs, '/etc/docker/daemon.json', content);
      const validated = ask(world, 'dockerd --validate --config-file=/etc/docker/daemon.json');
      if (sees) assert.match(validated.text, sees, content);
      else assert.match(validated.text, /configuration OK/, content);
      assert.equal(ask(world, 'systemctl restart docker').code === 0, starts, `${world.name}: ${content}`);
    }
  const world = fresh();
  overwrite(world.fs, '/etc/docker/daemon.json', '{,}');
  assert.match(
    ask(world, 'dockerd --validate').text,
    /with file \/etc\/docker\/daemon\.json: invalid JSON: invalid character ','/,
  );
  assert.equal(ask(world, 'dockerd --validate --config-file=/nowhere.json').code, 1);
});

test('1.6: switches of CDI, and spec directories that are none', () => {
  assert.match(ask(old(), cdi).text, /could not select device driver "cdi" with capabilities: \[\]\.\n$/);
  assert.match(
    ask(fresh(daemonJsonWith({ features: { cdi: false } })), cdi).text,
    /could not select device driver "cdi" with capabilities: \[\]\n/,
  );
  assert.match(
    ask(fresh(daemonJsonWith({ 'cdi-spec-dirs': [''] })), cdi).text,
    /no CDI specification directories specified/,
  );
  assert.match(
    ask(old(daemonJsonWith({ features: { cdi: true }, 'cdi-spec-dirs': [] })), cdi).text,
    /No CDI specification directories specified/,
  );
  assert.match(ask(old(daemonJsonWith({ features: { CDI: true } })), cdi).text, /could not select device driver "cdi"/);
  assert.match(ask(fresh(), "docker info --format '{{json .CDISpecDirs}}'").text, /^\["\/etc\/cdi","\/run\/cdi"\]/);
  assert.match(ask(old(), "docker info --format '{{json .CDISpecDirs}}'").text, /^\[\]/);
});

test('1.6: --gpus on 29 tries CDI first and falls back when that fails to resolve', () => {
  const world = fresh();
  assert.match(ask(world, 'docker run --rm --gpus all debian:trixie env').text, /NVIDIA_VISIBLE_DEVICES=void/);
  remove(world.fs, '/run/cdi/nvidia.yaml');
  assert.match(ask(world, gpus).text, listed);
  assert.match(
    ask(world, 'journalctl -u docker -n 2 -o cat').text,
    /Ignoring previous errors updating spec" error="CDI device injection failed: unresolvable CDI devices nvidia\.com\/gpu=all"/,
  );
  assert.match(
    ask(old(), gpus.replace('all', 'all,driver=nvidia.cdi')).text,
    /could not select device driver "nvidia\.cdi" with capabilities: \[\[gpu\]\]/,
  );
  assert.match(ask(old(), 'docker run --rm --gpus 2 debian:trixie true').text, /device error: 1: unknown device/);
  assert.match(
    ask(old(), 'docker run --rm --gpus device=0,1 debian:trixie true').text,
    /cannot set both Count and DeviceIDs on device request/,
  );
});

test('docker-no-device-driver: the programs are looked for at the start of dockerd', () => {
  for (const [docker, toolkit, shows] of [
    ['26.1.5', '1.17.8', /could not select device driver "" with capabilities: \[\[gpu\]\]/],
    ['29.7.2', '1.20.0', /failed to discover GPU vendor from CDI: no known GPU vendor found/],
  ] as const) {
    const world = machine({ name: 'late', docker, toolkit: null });
    installToolkit(world.fs, toolkit);
    Object.assign(world, { versions: { ...world.versions, toolkit, cli: toolkit } });
    assert.match(ask(world, gpus).text, shows);
    ask(world, 'systemctl reload docker');
    assert.match(ask(world, gpus).text, shows, 'a reload does not help');
    ask(world, 'systemctl restart docker');
    assert.match(ask(world, gpus).text, listed);
  }
});

test('toolkit-base-only, version skew, programs gone', () => {
  const base = old();
  remove(base.fs, '/usr/bin/nvidia-container-runtime-hook');
  assert.match(
    ask(base, runtime).text,
    /error running hook #1: fork\/exec \/usr\/bin\/nvidia-container-runtime-hook: no such file or directory/,
  );
  ask(base, 'systemctl restart docker');
  assert.match(ask(base, gpus).text, /could not select device driver ""/);
  const noCli = old();
  remove(noCli.fs, '/usr/bin/nvidia-container-cli');
  assert.match(ask(noCli, gpus).text, /couldn't find binary nvidia-container-cli in /);
  const skew = old();
  Object.assign(skew, { versions: { ...skew.versions, cli: '1.16.2' } });
  assert.match(ask(skew, gpus).text, /unrecognized option '--cuda-compat-mode=ldconfig'/);
  const noHook = fresh();
  remove(noHook.fs, '/usr/bin/nvidia-cdi-hook');
  assert.match(
    ask(noHook, cdi).text,
    /error running createContainer hook #0: fork\/exec \/usr\/bin\/nvidia-cdi-hook: no such file or directory/,
  );
  const dead = old(JSON.stringify({ runtimes: { nvidia: { path: '/opt/gone/nvidia-container-runtime' } } }));
  assert.match(ask(dead, runtime).text, /fork\/exec \/opt\/gone\/nvidia-container-runtime: no such file or directory/);
  assert.match(ask(dead, gpus).text, listed, 'only --runtime=nvidia users notice');
});

says('requests and their refusals', [
  [
    old(),
    'docker run --rm --runtime=nvidia debian:trixie nvidia-smi',
    /exec: "nvidia-smi": executable file not found in \$PATH/,
    127,
  ],
  [
    old(),
    'docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=void nvidia/cuda:12.6.3-base-ubuntu24.04 nvidia-smi',
    /executable file not found/,
    127,
  ],
  [old(), 'docker run --rm --gpus all busybox nvidia-smi', /exec \/usr\/bin\/nvidia-smi: no such file or directory/, 1],
  [
    fresh(),
    'docker run --rm --gpus all busybox nvidia-smi',
    /exec \/usr\/bin\/nvidia-smi: no such file or directory/,
    255,
  ],
  [
    old(),
    'docker run --rm --gpus all -e NVIDIA_DRIVER_CAPABILITIES=bogus debian:trixie true',
    /stderr: unsupported capabilities found in 'bogus' \(allowed ''\)/,
  ],
  [
    fresh(),
    'docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=0,0 debian:trixie true',
    /requesting a CDI device with vendor 'runtime\.nvidia\.com' is not supported/,
  ],
  [
    fresh(),
    'docker run --rm --device nvidia.com/gpu debian:trixie true',
    /docker: nvidia\.com\/gpu is not an absolute path/,
  ],
  [old(), 'docker run --rm --pull never nowhere/image true', /No such image/, 125],
  [
    set(
      old(),
      '#accept-nvidia-visible-devices-envvar-when-unprivileged = true',
      'accept-nvidia-visible-devices-envvar-when-unprivileged = false',
    ),
    gpus,
    /executable file not found/,
  ],
  [set(old(), '#no-cgroups = false', 'no-cgroups = true'), gpus, /Failed to initialize NVML: Unknown Error/, 255],
  [
    set(old(), 'mode = "auto"', 'mode = "cdi'),
    gpus,
    /error getting hook config: failed to load config: couldn't open required configuration file: \(21, 9\): unescaped control character U\+000A/,
  ],
  [
    set(old(), '#no-cgroups = false', 'no-cgroups = "yes"'),
    gpus,
    /failed to unmarshal config: \(\d+, 1\): Can't convert yes\(string\) to bool/,
  ],
]);

test('a script as ldconfig leaves every container without its cache, in silence', () => {
  const world = old();
  file(world.fs, '/usr/local/bin/my-ldconfig', '#!/bin/sh\nexec /sbin/ldconfig "$@"\n', { mode: 0o755 });
  set(world, '"@/sbin/ldconfig"', '"@/usr/local/bin/my-ldconfig"');
  const got = ask(world, gpus);
  assert.equal(got.code, 12);
  assert.match(got.text, /couldn't find libnvidia-ml\.so library/);
});

test('the driver: library and module of different versions, nodes, uvm and CUDA', () => {
  const world = old();
  overwrite(
    world.fs,
    '/proc/driver/nvidia/version',
    'NVRM version: NVIDIA UNIX x86_64 Kernel Module  575.57.08  Mon May 1 UTC 2025\n',
  );
  assert.equal(ask(world, 'nvidia-smi -L').code, 18);
  assert.match(ask(world, gpus).text, /nvml error: driver\/library version mismatch/);
  const uvm = set(old(), 'load-kmods = true', 'load-kmods = false');
  ask(uvm, 'modprobe -r nvidia_uvm');
  assert.match(ask(uvm, gpus).text, listed);
  const init = [
    'docker',
    'run',
    '--rm',
    '--gpus',
    'all',
    'nvidia/cuda:12.6.3-base-ubuntu24.04',
    'python3',
    '-c',
    'import ctypes;print(ctypes.CDLL("libcuda.so.1").cuInit(0))',
  ] as const;
  const value = (w: World): string => {
    const ran = runIn(w, { argv: [...init] });
    return ran.kind === 'exited' ? ran.stdout.trim() : ran.kind;
  };
  assert.equal(value(uvm), '999');
  assert.match(ask(uvm, 'modprobe -n -v nvidia_uvm').text, /^insmod \/lib\/modules\/\S+nvidia-uvm\.ko/);
  ask(uvm, 'modprobe nvidia_uvm');
  assert.equal(value(uvm), '0');
  assert.match(ask(uvm, 'modprobe nowhere').text, /FATAL: Module nowhere not found in directory \/lib\/modules\//);
});

test('nvidia-ctk runtime configure merges, but --cdi.enabled drops every other feature', () => {
  const world = old(JSON.stringify({ debug: true, features: { buildkit: true } }));
  const plain = JSON.parse(
    ask(world, 'nvidia-ctk runtime configure --runtime=docker --dry-run').text.split('\ntime=')[0]!,
  );
  assert.deepEqual(plain.features, { buildkit: true });
  assert.equal(plain.debug, true);
  assert.equal(
    text(world.fs, '/etc/docker/daemon.json'),
    JSON.stringify({ debug: true, features: { buildkit: true } }),
    'a dry run writes nothing',
  );
  ask(world, 'nvidia-ctk runtime configure --runtime=docker --cdi.enabled');
  assert.deepEqual(JSON.parse(text(world.fs, '/etc/docker/daemon.json')!).features, { cdi: true });
  overwrite(world.fs, '/etc/docker/daemon.json', '{');
  const refused = ask(world, 'nvidia-ctk runtime configure --runtime=docker');
  assert.match(refused.text, /unable to load config for runtime docker/);
  assert.equal(text(world.fs, '/etc/docker/daemon.json'), '{');
});
