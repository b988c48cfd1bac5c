/** SELinux as far as containers and GPU nodes are concerned: enforcing or not, and one boolean of the policy. */
import { overwrite, text } from './fs.ts';
import { fail, out, type Program, type World } from './world.ts';

const at = (name: string): string => `/sys/fs/selinux/booleans/${name}`;

export const setsebool: Program = ({ world, args, root }) => {
  const [name = '', value = ''] = args.filter(a => !a.startsWith('-'));
  if (!root) return fail(1, 'setsebool:  Could not set boolean: Permission denied\n');
  if (text(world.fs, at(name)) === undefined) return fail(1, `Boolean ${name} is not defined\n`);
  const bit = /^(on|1|true)$/.test(value) ? '1' : '0';
  overwrite(world.fs, at(name), `${bit} ${bit}`, 0o644);
  return out('');
};

/** The policy keeps containers from nodes of the label of the GPU. */
export const deniesGpuNodes = (world: World): boolean =>
  text(world.fs, '/sys/fs/selinux/enforce')?.trim() === '1' &&
  text(world.fs, at('container_use_xserver_devices'))?.startsWith('1') !== true;
