/** systemd's units: their states, and what starting and stopping them does. */
import { refreshSpec } from './cdi-refresh.ts';
import { startCri } from './cri.ts';
import { startDockerd, stopDockerd } from './dockerd.ts';
import { exists } from './fs.ts';
import { hostNvml } from './nvml.ts';
import { fragment, setting } from './unit-files.ts';
import { type Call, journal, tick, type Unit, type World } from './world.ts';

const blank = (name: string, description: string): Unit => ({
  name,
  description,
  active: 'inactive',
  sub: 'dead',
  enabled: 'disabled',
  result: 'success',
  since: 0,
  enteredAt: 0,
  pid: 0,
  exitStatus: 0,
  failures: 0,
});

/** The unit, made from its file when it is first asked for; undefined where there is no file. */
export const unitOf = (world: World, name: string): Unit | undefined => {
  const have = world.units.get(name);
  const path = fragment(world, name);
  if (path === null) return have?.active === 'active' ? have : undefined;
  if (have) return have;
  const fresh = blank(name, setting(world, name, 'Description')[0] ?? name);
  world.units.set(name, fresh);
  return fresh;
};

const become = (world: World, unit: Unit, active: Unit['active'], sub: string, result = 'success'): void => {
  Object.assign(unit, { active, sub, result, since: world.fs.now });
  if (active === 'active') unit.enteredAt = world.fs.now;
};

/** Runs a unit's commands one after the other; whether all succeeded. */
const oneshot = (world: World, unit: Unit, exec: NonNullable<Call['exec']>): boolean => {
  for (const line of setting(world, unit.name, 'ExecStart')) {
    const [program = '', ...args] = line.split(/\s+/);
    const ran = exec([program.replace(/^[-@:+!]+/, ''), ...args]);
    const code = ran.kind === 'exited' ? ran.code : 203;
    if (ran.kind === 'exited') journal(world, unit.name, ...`${ran.stdout}${ran.stderr}`.split('\n').filter(Boolean));
    if (code === 0 || program.startsWith('-')) continue;
    journal(
      world,
      unit.name,
      `${unit.name}: Main process exited, code=exited, status=${code}`,
      `${unit.name}: Failed with result 'exit-code'.`,
    );
    become(world, unit, 'failed', 'failed', 'exit-code');
    unit.exitStatus = code;
    return false;
  }
  const stays = setting(world, unit.name, 'RemainAfterExit').at(-1) === 'yes';
  become(world, unit, stays ? 'active' : 'inactive', stays ? 'exited' : 'dead');
  journal(world, unit.name, `Finished ${unit.name} - ${unit.description}.`);
  return true;
};

/** Starts a unit; the error text of a failed job, or null. */
export const startUnit = (world: World, name: string, exec?: Call['exec']): string | null => {
  const unit = unitOf(world, name);
  if (!unit) return `Unit ${name} not found.`;
  if (unit.enabled === 'masked') return `Unit ${name} is masked.`;
  if (unit.active === 'active') return null;
  tick(world);
  const title = `${name} - ${unit.description}`;
  const failed = (): string =>
    `Job for ${name} failed because the control process exited with error code.\nSee "systemctl status ${name}" and "journalctl -xeu ${name}" for details.`;
  journal(world, name, `Starting ${title}...`);
  if (name === 'docker.service') {
    const socket = unitOf(world, 'docker.socket');
    if (world.fs.now - unit.since > 60) unit.failures = 0;
    if (unit.failures >= 3) {
      journal(
        world,
        name,
        `${name}: Start request repeated too quickly.`,
        `${name}: Failed with result 'exit-code'.`,
        `Failed to start ${title}.`,
      );
      become(world, unit, 'failed', 'failed', 'start-limit-hit');
      return failed();
    }
    if (socket) become(world, socket, 'active', 'running');
    const why = startDockerd(world);
    if (why !== null) {
      for (const n of [1, 2, 3]) {
        journal(
          world,
          name,
          `${name}: Main process exited, code=exited, status=1/FAILURE`,
          `${name}: Failed with result 'exit-code'.`,
          `Failed to start ${title}.`,
        );
        if (n < 3)
          journal(
            world,
            name,
            `${name}: Scheduled restart job, restart counter is at ${n}.`,
            `Starting ${title}...`,
            why,
          );
      }
      journal(
        world,
        name,
        `${name}: Start request repeated too quickly.`,
        `${name}: Failed with result 'exit-code'.`,
        `Failed to start ${title}.`,
      );
      become(world, unit, 'failed', 'failed', 'exit-code');
      Object.assign(unit, { exitStatus: 1, pid: 0, failures: 3 });
      if (socket) become(world, socket, 'failed', 'failed', 'service-start-limit-hit');
      return failed();
    }
    Object.assign(unit, { pid: world.docker!.started!.pid, exitStatus: 0, failures: 0 });
  }
  if (name === 'nvidia-cdi-refresh.service') {
    const why = refreshSpec(world);
    journal(
      world,
      name,
      why ?? 'Generated CDI spec',
      ...(why ? [`${name}: Failed with result 'exit-code'.`] : [`Finished ${title}.`]),
    );
    become(world, unit, why ? 'failed' : 'inactive', why ? 'failed' : 'dead', why ? 'exit-code' : 'success');
    return why ? failed() : null;
  }
  if (name === 'nvidia-persistenced.service' && !hostNvml(world).ok) {
    become(world, unit, 'failed', 'failed', 'exit-code');
    return failed();
  }
  const refused = startCri(world, name);
  if (refused !== null) {
    journal(world, name, refused, `${name}: Failed with result 'exit-code'.`);
    become(world, unit, 'failed', 'failed', 'exit-code');
    return failed();
  }
  if (exec && setting(world, name, 'Type').at(-1) === 'oneshot') return oneshot(world, unit, exec) ? null : failed();
  journal(world, name, `Started ${title}.`);
  const sub = name.endsWith('.socket') ? 'listening' : name.endsWith('.path') ? 'waiting' : 'running';
  become(world, unit, 'active', sub);
  if (name === 'nvidia-cdi-refresh.path' && !exists(world.fs, '/run/cdi/nvidia.yaml'))
    startUnit(world, 'nvidia-cdi-refresh.service');
  return null;
};

export const stopUnit = (world: World, name: string): string | null => {
  const unit = unitOf(world, name);
  if (!unit) return `Failed to stop ${name}: Unit ${name} not loaded.`;
  if (unit.active !== 'active') return null;
  tick(world);
  journal(world, name, `Stopping ${name} - ${unit.description}...`);
  if (name === 'docker.service') stopDockerd(world);
  journal(world, name, `${name}: Deactivated successfully.`, `Stopped ${name} - ${unit.description}.`);
  become(world, unit, 'inactive', 'dead');
  unit.pid = 0;
  return null;
};
