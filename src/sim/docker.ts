/** The docker client. */
import type { Ran } from '../box/box.ts';
import { composeProject } from './compose.ts';
import { exec, logs } from './docker-exec.ts';
import { clientInfo, infoJson, infoText, inspectContainer, psJson, versionJson } from './docker-json.ts';
import { parseRun } from './docker-run.ts';
import { dockerService } from './docker-service.ts';
import { cdiCache, findImage, type Outcome, runContainer, startContainer } from './docker-start.ts';
import { validate } from './dockerd.ts';
import { goJson, render } from './go-template.ts';
import { pullOrTag } from './pull.ts';
import { startUnit } from './units.ts';
import {
  archOf,
  atLeast,
  type Call,
  type Container,
  type Docker,
  fail,
  out,
  type Program,
  tick,
  type World,
} from './world.ts';

const cannot = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';

/** The daemon dies over a spec it cannot digest, and does not come up again while the file is there. */
const crash = (world: World): void => {
  const unit = world.units.get('docker.service');
  world.docker!.started = null;
  if (unit) Object.assign(unit, { active: 'failed', sub: 'failed', result: 'exit-code', exitStatus: 2, pid: 0 });
  startUnit(world, 'docker.service');
};

/** Why the daemon cannot be asked, or null. A listening socket starts the service. */
const unreachable = (call: Call): string | null => {
  const { world } = call;
  const docker = world.docker!;
  if (docker.started?.cdi && cdiCache(world, docker, docker.started).panic) crash(world);
  if (!docker.started && world.units.get('docker.socket')?.active === 'active') startUnit(world, 'docker.service');
  if (!docker.started) return cannot;
  const member = call.root || world.user.groups.some(([, name]) => name === 'docker');
  if (member) return null;
  return atLeast(docker.version, '29.0')
    ? 'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock'
    : 'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.45/info": dial unix /var/run/docker.sock: connect: permission denied';
};

const formatOf = (args: readonly string[]): string | undefined => {
  const at = args.findIndex(a => a === '--format' || a === '-f');
  return at >= 0 ? args[at + 1] : args.find(a => a.startsWith('--format='))?.slice(9);
};
const positional = (args: readonly string[]): string[] =>
  args.filter((a, i) => !a.startsWith('-') && !['--format', '-f', '--type'].includes(args[i - 1] ?? ''));

const formatted = (template: string, value: unknown, old: boolean): Ran => {
  const r = render(template, value);
  if ('text' in r) return out(`${r.text}\n`);
  return fail(
    1,
    `${old ? 'template: ' : ''}template: :1:2: executing "" at <.${r.missing}>: can't evaluate field ${r.missing} in type system.dockerInfo\n`,
  );
};

const info = (call: Call, args: readonly string[]): Ran => {
  const { world } = call;
  const docker = world.docker!;
  const down = unreachable(call);
  const template = formatOf(args);
  const old = !atLeast(docker.version, '29.0');
  if (template !== undefined) {
    // Of a daemon that may not be asked the client knows as little as of one that is down.
    const value = infoJson(down ? { ...world, docker: { ...docker, started: null } } : world);
    const r = formatted(template, down ? { ...value, ServerErrors: [down] } : value, old);
    return down && r.kind === 'exited' ? { ...r, stderr: `${down}\n`, code: old ? 0 : 1 } : r;
  }
  const client = clientInfo(docker) as { Version: string };
  const head = `Client:\n Version:    ${client.Version}\n Context:    default\n Debug Mode: false\n\nServer:\n`;
  return down ? fail(1, `ERROR: ${down}\nerrors pretty printing info\n`, head) : out(head + infoText(world));
};

const version = (call: Call, args: readonly string[]): Ran => {
  const { world } = call;
  const down = unreachable(call);
  const value = versionJson(world);
  const template = formatOf(args);
  const code = down ? 1 : 0;
  const stderr = down ? `${down}\n` : '';
  if (template !== undefined) {
    const r = formatted(template, down ? { ...value, Server: null } : value, true);
    return r.kind === 'exited' ? { ...r, stderr: stderr || r.stderr, code: code || r.code } : r;
  }
  const v = world.docker!.version;
  return out(
    `Client:\n Version:           ${v}\n Context:           default\n${down ? '' : `\nServer:\n Engine:\n  Version:          ${v}\n`}`,
    stderr,
    code,
  );
};

const ps = (world: World, args: readonly string[]): Ran => {
  const all = args.includes('-a') || args.includes('--all') || args.includes('-aq');
  const filters = args.flatMap((a, i) => (args[i - 1] === '--filter' ? [a] : []));
  const odd = filters.find(f => !/^label=[^=]+=/.test(f));
  if (odd !== undefined) return fail(1, `Error response from daemon: invalid filter '${odd.split('=')[0]}'\n`);
  const shown = world
    .docker!.containers.filter(c => all || c.state === 'running')
    .filter(c => filters.every(f => Object.entries(c.labels ?? {}).some(([k, v]) => f === `label=${k}=${v}`)));
  if (args.includes('-q') || args.includes('-aq')) return out(shown.map(c => `${c.id.slice(0, 12)}\n`).join(''));
  const template = formatOf(args) ?? '{{.ID}}   {{.Image}}   {{.Command}}   {{.Status}}   {{.Names}}';
  const full = args.includes('--no-trunc');
  const lines = shown.map(c => render(template, psJson(world, c, full))).map(r => ('text' in r ? r.text : ''));
  const head = formatOf(args) === undefined ? 'CONTAINER ID   IMAGE   COMMAND   STATUS   NAMES\n' : '';
  return out(head + lines.map(l => `${l}\n`).join(''));
};

const images = (docker: Docker, args: readonly string[]): Ran => {
  const template = formatOf(args) ?? '{{.Repository}}   {{.Tag}}   {{.ID}}   {{.Size}}';
  const [only] = positional(args);
  const asked = docker.images.filter(
    i => only === undefined || only === i.repository || only === `${i.repository}:${i.tag}`,
  );
  const rows = asked.map(i => ({
    Containers: 'N/A',
    CreatedAt: '2026-10-30 04:15:53 +0000 UTC',
    CreatedSince: '3 weeks ago',
    Digest: '<none>',
    ID: i.id.slice(0, 12),
    Repository: i.repository,
    SharedSize: 'N/A',
    Size: i.size ?? '98.4MB',
    Tag: i.tag,
    UniqueSize: 'N/A',
    VirtualSize: i.size ?? '98.42MB',
  }));
  const head = formatOf(args) === undefined ? 'REPOSITORY   TAG   IMAGE ID   SIZE\n' : '';
  return out(
    head +
      rows
        .map(r => render(template, r))
        .map(r => ('text' in r ? `${r.text}\n` : ''))
        .join(''),
  );
};

const find = (docker: Docker, name: string): Container | undefined =>
  docker.containers.find(c => c.name === name || (name.length > 3 && c.id.startsWith(name)));

const inspect = (world: World, args: readonly string[], kind?: 'image' | 'container'): Ran => {
  const docker = world.docker!;
  const found: object[] = [];
  const missing: string[] = [];
  for (const name of positional(args)) {
    const c = kind === 'image' ? undefined : find(docker, name);
    const i = kind === 'container' ? undefined : findImage(docker.images, name);
    if (c) found.push(inspectContainer(world, c));
    else if (i)
      found.push({
        Id: `sha256:${i.id}`,
        RepoTags: [`${i.repository}:${i.tag}`],
        Architecture: archOf(world, i),
        Os: 'linux',
        Config: {
          Env: i.env,
          Cmd: i.command ?? null,
          Entrypoint: i.entrypoint ?? null,
          Labels: null,
          WorkingDir: i.workdir ?? '',
        },
      });
    else missing.push(name);
  }
  const template = formatOf(args);
  const body =
    template === undefined
      ? `${JSON.stringify(found, null, 4)}\n`
      : found
          .map(f => render(template, f))
          .map(r => ('text' in r ? `${r.text}\n` : '\n'))
          .join('');
  const word = atLeast(docker.version, '29.0') ? 'error: no such' : 'Error: No such';
  return out(
    template === undefined && found.length === 0 ? '[]\n' : body,
    missing.map(m => `${word} ${kind ?? 'object'}: ${m}\n`).join(''),
    missing.length ? 1 : 0,
  );
};

const exitFor = (error: string): number =>
  /executable file not found|no such file or directory|system cannot find the file/i.test(error)
    ? 127
    : /permission denied|is a directory/i.test(error)
      ? 126
      : 125;

const refused = (docker: Docker, outcome: Extract<Outcome, { kind: 'refused' }>): Ran => {
  const old = !atLeast(docker.version, '29.0');
  const hint = old
    ? `.${outcome.stage === 'create' ? "\nSee 'docker run --help'." : ''}\n`
    : "\n\nRun 'docker run --help' for more information\n";
  return fail(exitFor(outcome.error), `docker: Error response from daemon: ${outcome.error}${hint}`);
};

const identity = (world: World): string => {
  let h = world.fs.now * 31 + world.docker!.containers.length;
  return Array.from({ length: 64 }, () => {
    h = (h * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (h >> 8).toString(16).at(-1);
  }).join('');
};

const run = (call: Call, args: readonly string[]): Ran => {
  const { world } = call;
  const docker = world.docker!;
  const old = !atLeast(docker.version, '29.0');
  const parsed = parseRun(args);
  if ('unknown' in parsed)
    return fail(
      125,
      `unknown flag: ${parsed.unknown}\n${old ? "See 'docker run --help'." : "\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'docker run --help' for more information"}\n`,
    );
  if ('needsImage' in parsed) return fail(1, `"docker run" requires at least 1 argument.\nSee 'docker run --help'.\n`);
  const odd = parsed.request.devices.find(d => !d.startsWith('/') && !/^[\w.-]+\/[\w.-]+=/.test(d));
  if (odd)
    return fail(
      125,
      `docker: ${odd} is not an absolute path\n${old ? "See 'docker run --help'." : "\nRun 'docker run --help' for more information"}\n`,
    );
  if (parsed.request.devices.some(d => /^(\w\/|[\w.-]+\/\w=)/.test(d) && !d.startsWith('/')))
    return fail(2, 'panic: runtime error: slice bounds out of range [1:0]\n');
  const down = unreachable(call);
  if (down)
    return old
      ? fail(down.startsWith('permission') ? 126 : 125, `docker: ${down}.\nSee 'docker run --help'.\n`)
      : fail(1, `${down}\n`);
  if (!findImage(docker.images, parsed.request.image)) {
    const name = parsed.request.image;
    const looked =
      parsed.pull === 'never'
        ? `No such image: ${name}`
        : `Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host`;
    return fail(
      125,
      `${parsed.pull === 'never' ? '' : `Unable to find image '${name}' locally\n`}docker: Error response from daemon: ${looked}${old ? ".\nSee 'docker run --help'." : "\n\nRun 'docker run --help' for more information"}\n`,
    );
  }
  tick(world);
  const id = identity(world);
  const outcome = runContainer(world, parsed.request, id);
  const failed = outcome.kind === 'refused' || (outcome.ran.kind === 'exited' && outcome.ran.code !== 0);
  if (!parsed.remove && !(outcome.kind === 'refused' && outcome.stage === 'create')) {
    const running = outcome.kind === 'ran' && parsed.detach;
    docker.containers.push({
      id,
      name: parsed.name ?? `eager_${id.slice(0, 6)}`,
      request: parsed.request,
      createdAt: world.fs.now,
      state: running ? 'running' : outcome.kind === 'ran' ? 'exited' : 'created',
      startedAt: outcome.kind === 'ran' ? world.fs.now : 0,
      finishedAt: world.fs.now,
      exitCode: outcome.kind === 'ran' && outcome.ran.kind === 'exited' ? outcome.ran.code : failed ? 128 : 0,
      error: outcome.kind === 'refused' ? outcome.error : '',
    });
  }
  if (outcome.kind === 'refused') return refused(docker, outcome);
  return parsed.detach ? out(`${id}\n`) : outcome.ran;
};

const change = (world: World, verb: string, args: readonly string[]): Ran => {
  const docker = world.docker!;
  const done: string[] = [];
  for (const name of positional(args)) {
    const c = find(docker, name);
    if (!c) return fail(1, `Error response from daemon: No such container: ${name}\n`, done.join(''));
    if (verb === 'rm' && c.state === 'running' && !args.includes('-f'))
      return fail(
        1,
        `Error response from daemon: cannot remove container "/${c.name}": container is running: stop the container before removing or force remove\n`,
      );
    if (verb === 'rm') docker.containers = docker.containers.filter(o => o !== c);
    if (verb === 'stop' || verb === 'restart') {
      c.state = 'exited';
      c.finishedAt = world.fs.now;
      c.error = verb === 'stop' ? 'stopped by a person' : '';
    }
    if (verb === 'start' || verb === 'restart') {
      const outcome = startContainer(world, c);
      if (outcome.kind === 'refused')
        return fail(1, `Error response from daemon: ${outcome.error}\nError: failed to start containers: ${name}\n`);
    }
    done.push(`${name}\n`);
  }
  return out(done.join(''));
};

const compose = (call: Call, args: readonly string[]): Ran => {
  const { world } = call;
  const docker = world.docker!;
  if (docker.compose === undefined) return fail(1, `docker: 'compose' is not a docker command.\nSee 'docker --help'\n`);
  if (args[0] === 'version')
    return out(args.includes('--short') ? `${docker.compose}\n` : `Docker Compose version ${docker.compose}\n`);
  const down = unreachable(call);
  if (down) return fail(1, `${down}\n`);
  if (['-p', '--project-name', '-f'].includes(args[0] ?? '')) return composeProject(world, args);
  if (args[0] !== 'ls') return fail(1, `unknown docker command: "compose ${args[0] ?? ''}"\n`);
  const projects = new Map<string, { files: string; count: number }>();
  for (const c of docker.containers) {
    const name = c.labels?.['com.docker.compose.project'];
    if (name)
      projects.set(name, {
        files: c.labels?.['com.docker.compose.project.config_files'] ?? '',
        count: (projects.get(name)?.count ?? 0) + 1,
      });
  }
  return out(
    `${goJson([...projects].map(([Name, p]) => ({ Name, Status: `running(${p.count})`, ConfigFiles: p.files })))}\n`,
  );
};

export const docker: Program = call => {
  const { world, args } = call;
  const engine = world.docker;
  if (!engine) return { kind: 'absent' };
  const [verb = '', ...rest] = args;
  if (verb === '--version' || verb === '-v') return out(`Docker version ${engine.version}, build a72d7cd\n`);
  if (verb === 'context') {
    if (rest[0] === 'use' && rest[1] !== undefined) world.context = rest[1];
    else if (rest[0] !== 'show') return fail(1, `unknown command: docker context ${rest[0] ?? ''}\n`);
    return out(`${world.context ?? 'default'}\n`);
  }
  if (verb === 'info') return info(call, rest);
  if (verb === 'version') return version(call, rest);
  if (verb === 'compose') return compose(call, rest);
  if (verb === 'run') return run(call, rest);
  if (verb === 'service') {
    const down = unreachable(call);
    return down ? fail(1, `${down}\n`) : dockerService(world, rest);
  }
  const grouped = ['image', 'container', 'system'].includes(verb);
  const action = grouped ? (rest[0] ?? '') : verb;
  const tail = grouped ? rest.slice(1) : rest;
  if (
    ![
      'ps',
      'ls',
      'list',
      'images',
      'inspect',
      'start',
      'stop',
      'restart',
      'rm',
      'info',
      'run',
      'exec',
      'logs',
      'pull',
      'tag',
    ].includes(action)
  )
    return fail(1, `docker: '${args.join(' ')}' is not a docker command.\nSee 'docker --help'\n`);
  if (action === 'run') return run(call, tail);
  const down = unreachable(call);
  if (down) return fail(1, `${down}\n`);
  if (action === 'ps' || (verb === 'container' && ['ls', 'list'].includes(action))) return ps(world, tail);
  if (action === 'images' || (verb === 'image' && ['ls', 'list'].includes(action))) return images(engine, tail);
  if (action === 'inspect') return inspect(world, tail, verb === 'image' || verb === 'container' ? verb : undefined);
  if (action === 'info') return info(call, tail);
  if (action === 'exec') return exec(world, tail, name => find(engine, name));
  if (action === 'logs') return logs(tail, name => find(engine, name));
  if (action === 'pull' || action === 'tag') return pullOrTag(world, action, tail);
  return change(world, action, tail);
};

export const dockerd: Program = ({ world, args }) => {
  const engine = world.docker;
  if (!engine) return { kind: 'absent' };
  if (args.includes('--version') || args.includes('-v'))
    return out(`Docker version ${engine.version}, build 411e817\n`);
  if (!args.includes('--validate')) return fail(1, 'failed to start daemon: process with PID 1 is still running\n');
  const at =
    args.find(a => a.startsWith('--config-file='))?.slice(14) ??
    (args.includes('--config-file') ? args[args.indexOf('--config-file') + 1] : undefined);
  const why = validate(world, at);
  return why ? fail(1, `${why}\n`) : out('', 'configuration OK\n');
};
