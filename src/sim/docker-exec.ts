/** docker exec and docker logs: what a container that is there answers. */
import type { Ran } from '../box/box.ts';
import { tryContainer } from './docker-start.ts';
import { deniesGpuNodes } from './selinux.ts';
import { type Container, fail, out, type World } from './world.ts';

type Find = (name: string) => Container | undefined;
const none = (name: string): Ran => fail(1, `Error response from daemon: No such container: ${name}\n`);

/** Runs a program with what was injected when the container started, which is what a start would inject now. */
export const exec = (world: World, args: readonly string[], find: Find): Ran => {
  const [name = '', program = '', ...rest] = args.filter((a, i) => i > 0 || !a.startsWith('-'));
  const c = find(name);
  if (c === undefined) return none(name);
  if (c.state !== 'running') return fail(1, `Error response from daemon: container ${c.id} is not running\n`);
  if (c.lostDevices === true && program === 'nvidia-smi')
    return fail(255, '', 'Failed to initialize NVML: Unknown Error\n');
  if (c.lostDevices === true && rest.join(' ').includes('cuDeviceGetCount'))
    return out(`${JSON.stringify({ init: 100, get: 3, count: -1, from: '' })}\n`);
  if (deniesGpuNodes(world) && !c.request.privileged && program === 'nvidia-smi')
    return fail(4, '', 'Failed to initialize NVML: Insufficient Permissions\n');
  const outcome = tryContainer(world, { ...c.request, entrypoint: program, command: rest }, c.id);
  if (outcome.kind === 'ran')
    return c.startedBefore === undefined ? outcome.ran : asItStarted(outcome.ran, c.startedBefore, rest);
  if (/executable file not found|no such file or directory/.test(outcome.error))
    return fail(
      127,
      `OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": executable file not found in $PATH: unknown\n`,
    );
  return fail(126, `OCI runtime exec failed: ${outcome.error}\n`);
};

/** The same without a node that came later: it is not in the listing, and CUDA cannot open it. */
const asItStarted = (ran: Ran, node: string, args: readonly string[]): Ran => {
  if (ran.kind !== 'exited') return ran;
  if (args.join(' ').includes('cuDeviceGetCount') && node === 'nvidia-uvm')
    return { ...ran, stdout: `${JSON.stringify({ init: 999, get: 3, count: -1, from: '' })}\n` };
  return {
    ...ran,
    stdout: ran.stdout
      .split('\n')
      .filter(l => l !== node)
      .join('\n'),
  };
};

export const logs = (args: readonly string[], find: Find): Ran => {
  const name = args.filter((a, i) => !a.startsWith('-') && args[i - 1] !== '--tail').at(-1) ?? '';
  const c = find(name);
  return c === undefined ? none(name) : out('', c.log ?? '');
};
