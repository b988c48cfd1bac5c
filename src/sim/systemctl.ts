/** systemctl and journalctl. */
import type { Ran } from '../box/box.ts';
import { reloadDockerd } from './dockerd.ts';
import { names, text } from './fs.ts';
import { dropIns, fragment, setting, unitName } from './unit-files.ts';
import { startUnit, stopUnit, unitOf } from './units.ts';
import { fail, out, type Program, systemdTime, tick, type World } from './world.ts';

const enable = (world: World, name: string, on: boolean): Ran => {
  const unit = unitOf(world, name);
  if (!unit) return fail(1, `Failed to ${on ? 'enable' : 'disable'} unit: Unit ${name} does not exist\n`);
  if (setting(world, name, 'WantedBy').length === 0)
    return on
      ? out(
          '',
          'The unit files have no installation config (WantedBy=, RequiredBy=, UpheldBy=,\nAlso=, or Alias= settings in the [Install] section, and DefaultInstance= for\ntemplate units). This means they are not meant to be enabled or disabled using systemctl.\n',
        )
      : out('');
  if ((unit.enabled === 'enabled') === on) return out('');
  unit.enabled = on ? 'enabled' : 'disabled';
  const target = `/etc/systemd/system/${setting(world, name, 'WantedBy')[0]}.wants/${name}`;
  return out('', on ? `Created symlink '${target}' → '${fragment(world, name)}'.\n` : `Removed '${target}'.\n`);
};

const shown = (
  world: World,
  name: string,
  when = (s: number): string => (s ? systemdTime(s) : ''),
): Record<string, string> => {
  const unit = unitOf(world, name);
  const path = fragment(world, name);
  const exec = setting(world, name, 'ExecStart').at(-1) ?? '';
  const on = unit?.active === 'active';
  const ended = unit && !on && unit.enteredAt;
  const status =
    unit?.active === 'failed'
      ? `code=exited ; status=${unit.exitStatus}`
      : ended
        ? 'code=exited ; status=0'
        : 'code=(null) ; status=0/0';
  return {
    Type: setting(world, name, 'Type').at(-1) ?? 'simple',
    Restart: setting(world, name, 'Restart').at(-1) ?? 'no',
    MainPID: String(on ? unit.pid : 0),
    Result: unit?.result ?? 'success',
    NRestarts: String(unit?.failures ?? 0),
    ExecMainStartTimestamp: when(unit?.enteredAt ?? 0),
    ExecMainStatus: String(unit?.exitStatus ?? 0),
    ...(exec
      ? {
          ExecStart: `{ path=${exec.split(' ')[0]} ; argv[]=${exec} ; ignore_errors=no ; start_time=[${when(unit?.enteredAt ?? 0) || 'n/a'}] ; stop_time=[${ended ? when(unit.since) : 'n/a'}] ; pid=${unit?.pid ?? 0} ; ${status} }`,
        }
      : {}),
    Environment: setting(world, name, 'Environment').join(' '),
    Id: name,
    Description: unit?.description ?? name,
    LoadState: path ? 'loaded' : 'not-found',
    ActiveState: unit?.active ?? 'inactive',
    SubState: unit?.sub ?? 'dead',
    FragmentPath: path ?? '',
    DropInPaths: path ? dropIns(world, name).join(' ') : '',
    UnitFileState: path ? (unit?.enabled ?? '') : '',
    ActiveEnterTimestamp: when(unit?.enteredAt ?? 0),
    InactiveEnterTimestamp: when(on ? 0 : (unit?.since ?? 0)),
  };
};

const show = (world: World, args: readonly string[]): Ran => {
  const wanted = args.flatMap((a, i) =>
    a.startsWith('--property=')
      ? a.slice(11).split(',')
      : a === '-p' || a === '--property'
        ? (args[i + 1] ?? '').split(',')
        : a.startsWith('-p') && a.length > 2
          ? a.slice(2).split(',')
          : [],
  );
  const unit = args.find((a, i) => !a.startsWith('-') && !['-p', '--property'].includes(args[i - 1] ?? '')) ?? '';
  const inSeconds = args.includes('--timestamp=unix');
  const all = shown(world, unitName(unit), inSeconds ? (s: number) => (s ? `@${s}` : '') : undefined);
  const value = args.includes('--value');
  const lines = Object.entries(all).filter(([k]) => wanted.length === 0 || wanted.includes(k));
  return out(lines.map(([k, v]) => (value ? `${v}\n` : `${k}=${v}\n`)).join(''));
};

const status = (world: World, name: string): Ran => {
  const unit = unitOf(world, name);
  if (!unit) return fail(4, `Unit ${name} could not be found.\n`);
  const mark = { active: '●', failed: '×', inactive: '○' }[unit.active];
  const state = unit.active === 'failed' ? `failed (Result: ${unit.result})` : `${unit.active} (${unit.sub})`;
  const tail = (world.journal.get(name) ?? []).slice(-10).map(l => `${world.hostname} ${l}\n`);
  const body = `${mark} ${name} - ${unit.description}\n     Loaded: loaded (${fragment(world, name)}; ${unit.enabled}; preset: enabled)\n     Active: ${state} since ${systemdTime(unit.since)}\n\n${tail.join('')}`;
  return out(body, '', unit.active === 'active' ? 0 : 3);
};

const cat = (world: World, wanted: readonly string[]): Ran => {
  const parts: string[] = [];
  for (const w of wanted) {
    const path = fragment(world, unitName(w));
    if (path === null) return fail(1, `No files found for ${unitName(w)}.\n`);
    for (const f of [path, ...dropIns(world, unitName(w))]) parts.push(`# ${f}\n${text(world.fs, f) ?? ''}`);
  }
  return out(parts.join('\n'));
};

const listUnitFiles = (world: World, pattern: string): Ran => {
  const all = [...new Set(['/etc/systemd/system', '/usr/lib/systemd/system'].flatMap(d => names(world.fs, d) ?? []))]
    .filter(n => /\.(service|path|socket)$/.test(n))
    .sort();
  const hits = all.filter(
    n => pattern === '' || new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(n),
  );
  const rows = hits.map(n => `${n.padEnd(26)} ${unitOf(world, n)?.enabled ?? 'static'} enabled\n`);
  return out(`UNIT FILE STATE PRESET\n${rows.join('')}\n${hits.length} unit files listed.\n`, '', hits.length ? 0 : 1);
};

const stopNoting = (world: World, ran: Ran, units: readonly string[]): Ran =>
  units.includes('docker.service') && world.units.get('docker.socket')?.active === 'active' && ran.kind === 'exited'
    ? {
        ...ran,
        stderr: `${ran.stderr}Stopping 'docker.service', but its triggering units are still active:\ndocker.socket\n`,
      }
    : ran;

const changing = new Set([
  'start',
  'stop',
  'restart',
  'reload',
  'enable',
  'disable',
  'daemon-reload',
  'reset-failed',
  'try-restart',
  'reload-or-restart',
]);

export const systemctl: Program = ({ world, args, root, exec }) => {
  const words = args.filter(
    (a, i) => !a.startsWith('-') && !['-p', '-n', '--property', '-t'].includes(args[i - 1] ?? ''),
  );
  const [verb = '', ...rest] = words;
  const units = rest.map(unitName);
  const first = units[0] ?? '';
  if (changing.has(verb) && !root)
    return fail(
      1,
      `Failed to ${verb} ${first}: Interactive authentication required.\nSee system logs and 'systemctl status ${first}' for details.\n`,
    );
  const each = (f: (name: string) => string | null): Ran => {
    const errors = units.map(n => [n, f(n)] as const).filter(([, e]) => e !== null);
    const words = errors.map(([n, e]) =>
      /not found|not loaded|masked/.test(e!) && !e!.startsWith('Failed') ? `Failed to ${verb} ${n}: ${e}\n` : `${e}\n`,
    );
    return errors.length ? fail(/not found|not loaded/.test(errors[0]![1]!) ? 5 : 1, words.join('')) : out('');
  };
  switch (verb) {
    case 'is-active': {
      const unit = unitOf(world, first);
      return out(`${unit?.active ?? 'inactive'}\n`, '', unit ? (unit.active === 'active' ? 0 : 3) : 4);
    }
    case 'is-failed': {
      const unit = unitOf(world, first);
      return out(`${unit?.active ?? 'inactive'}\n`, '', unit?.active === 'failed' ? 0 : unit ? 1 : 4);
    }
    case 'is-enabled': {
      const unit = unitOf(world, first);
      return unit
        ? out(`${unit.enabled}\n`, '', unit.enabled === 'enabled' || unit.enabled === 'static' ? 0 : 1)
        : out('not-found\n', '', 4);
    }
    case 'show':
      return show(world, args.slice(args.indexOf('show') + 1));
    case 'cat':
      return cat(world, rest);
    case 'status':
      return status(world, first);
    case 'list-unit-files':
      return listUnitFiles(world, rest[0] ?? '');
    case 'start':
      return each(n => startUnit(world, n, exec));
    case 'stop':
      return stopNoting(
        world,
        each(n => stopUnit(world, n)),
        units,
      );
    case 'restart':
    case 'try-restart':
    case 'reload-or-restart':
      return each(n => stopUnit(world, n)?.replace(/.*/, `Unit ${n} not found.`) ?? startUnit(world, n, exec));
    case 'reload':
      return each(n => {
        const unit = unitOf(world, n);
        if (!unit) return `Unit ${n} not found.`;
        if (unit.active !== 'active') return `${n} is not active, cannot reload.`;
        tick(world);
        if (n === 'docker.service') reloadDockerd(world);
        return null;
      });
    case 'enable':
    case 'disable': {
      const results = units.map(n => enable(world, n, verb === 'enable'));
      const bad = results.find(r => r.kind === 'exited' && r.code !== 0);
      if (bad) return bad;
      const stderr = results.map(r => (r.kind === 'exited' ? r.stderr : '')).join('');
      if (args.includes('--now')) {
        const ran = each(n => (verb === 'enable' ? startUnit(world, n, exec) : stopUnit(world, n)));
        return ran.kind === 'exited' ? { ...ran, stderr: stderr + ran.stderr } : ran;
      }
      return out('', stderr);
    }
    case 'daemon-reload':
      return out('');
    case 'reset-failed':
      for (const unit of units.length ? units.map(n => unitOf(world, n)) : world.units.values())
        if (unit?.active === 'failed')
          Object.assign(unit, { active: 'inactive', sub: 'dead', result: 'success', failures: 0 });
        else if (unit) unit.failures = 0;
      return out('');
    case '':
      if (args.includes('--failed')) {
        const bad = [...world.units.values()].filter(u => u.active === 'failed');
        return out(
          `  UNIT LOAD ACTIVE SUB DESCRIPTION\n${bad.map(u => `● ${u.name} loaded failed failed ${u.description}\n`).join('')}\n${bad.length} loaded units listed.\n`,
        );
      }
      return fail(1, 'Unknown command verb.\n');
    default:
      return fail(1, `Unknown command verb '${verb}'.\n`);
  }
};

/** Lines of the kernel; with a pattern and a limit the newest come first. */
const kernelLog = (world: World, args: readonly string[], n: number): Ran => {
  const pattern = args.includes('-g') ? new RegExp(args[args.indexOf('-g') + 1] ?? '', 'i') : /^/;
  const lines = (world.journal.get('kernel') ?? []).filter(l => pattern.test(l.replace(/^.*? kernel: /, '')));
  if (lines.length === 0) return out('-- No entries --\n', '', args.includes('-g') ? 1 : 0);
  return out(`${lines.slice(-n).reverse().join('\n')}\n`);
};

export const journalctl: Program = ({ world, args }) => {
  const at = args.findIndex(a => a === '-u' || a === '--unit');
  const unit = unitName(args[at + 1] ?? '');
  const n = Number(args[args.indexOf('-n') + 1]) || 1000;
  if (args.includes('-k')) return kernelLog(world, args, n);
  const lines =
    at < 0
      ? [...world.journal].filter(([of]) => of !== 'kernel').flatMap(([, l]) => l)
      : (world.journal.get(unit) ?? []);
  if (lines.length === 0) return out('-- No entries --\n');
  return out(
    lines
      .slice(-n)
      .map(l => `${l}\n`)
      .join(''),
  );
};
