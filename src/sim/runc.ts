/** runc and crun: mounts, hooks, then the process. */

import type { Ran } from '../box/box.ts';
import { exists } from './fs.ts';
import { runHook } from './nvidia-container-runtime-hook.ts';
import type { Oci } from './oci.ts';
import { inPath } from './path.ts';
import { startProcess } from './process.ts';
import { atLeast, fail, out, type Program, type World } from './world.ts';

export type Created =
  | { readonly ok: true; readonly ran: Ran }
  /** Text of the runtime, without the engine's words around it. */
  | { readonly ok: false; readonly error: string };

const isCli = (path: string): boolean => /nvidia-(container-runtime-hook|container-toolkit)$/.test(path);

/** Creates and starts; `path` is the PATH that hooks inherit from the engine. */
export const runc = (world: World, oci: Oci, path: readonly string[]): Created => {
  const old = !atLeast(world.versions.runc ?? '1.1.15', '1.2.0');
  const init = 'runc create failed: unable to start container process: error during container init: ';
  const wrong = (error: string): Created => ({ ok: false, error });
  for (const m of oci.mounts) {
    if (exists(world.fs, m.hostPath)) continue;
    return wrong(
      old
        ? `${init}error mounting "${m.hostPath}" to rootfs at "${m.containerPath}": create mount destination for ${m.containerPath} mount: bind mount source stat: stat ${m.hostPath}: no such file or directory`
        : `${init}failed to fulfil mount request: open ${m.hostPath}: no such file or directory`,
    );
  }
  for (const stage of ['prestart', 'createContainer'] as const) {
    const hooks = oci.hooks.filter(h => h.stage === stage);
    for (const [i, hook] of hooks.entries()) {
      if (hook.path === '/proc/self/exe') continue;
      const what = old ? `error running hook #${i}: ` : `error running ${stage} hook #${i}: `;
      if (inPath(world, hook.path) === null)
        return wrong(`${init}${what}fork/exec ${hook.path}: no such file or directory`);
      if (isCli(hook.path)) {
        const ran = runHook(world, oci, path);
        if (ran.kind === 'exited' && ran.code !== 0) {
          const tail = `exit status ${ran.code}, stdout: , stderr: ${ran.stderr}`;
          return wrong(`${init}${what}${old ? 'error running hook: ' : ''}${tail}`);
        }
      } else if (hook.args.includes('update-ldcache')) oci.cached = true;
    }
  }
  const started = startProcess(world, oci);
  if ('missing' in started)
    return wrong(
      `runc create failed: unable to start container process: ${old ? '' : 'error during container init: '}exec: "${started.missing}": ${started.missing.includes('/') ? `stat ${started.missing}: no such file or directory` : 'executable file not found in $PATH'}`,
    );
  return { ok: true, ran: started.ran };
};

/** The same container by crun, in crun's words. */
export const crun = (world: World, oci: Oci): Created => {
  const gone = oci.mounts.find(m => !exists(world.fs, m.hostPath));
  if (gone) return { ok: false, error: `cannot stat \`${gone.hostPath}\`: No such file or directory` };
  for (const hook of oci.hooks) {
    if (inPath(world, hook.path) === null)
      return { ok: false, error: `error executing hook \`${hook.path}\` (exit code: 1)` };
    if (hook.args.includes('update-ldcache')) oci.cached = true;
  }
  const started = startProcess(world, oci);
  if ('missing' in started)
    return { ok: false, error: `executable file \`${started.missing}\` not found in $PATH: No such file or directory` };
  return { ok: true, ran: started.ran };
};

export const runcProgram: Program = ({ world, args }) =>
  args.includes('--version') || args.includes('-v')
    ? out(
        `runc version ${world.versions.runc}\ncommit: ${world.versions.runc}\nspec: 1.2.0\ngo: go1.24.4\nlibseccomp: 2.6.0\n`,
      )
    : fail(1, 'runc: "run" requires exactly 1 argument(s)\n');
export const crunProgram: Program = ({ world, args }) =>
  args.includes('--version')
    ? out(
        `crun version ${world.versions.crun}\ncommit: 10269840aa07fb7e6b7e1acff6198692d8ff5c88\nrundir: /run/crun\nspec: 1.0.0\n+SYSTEMD +SELINUX +APPARMOR +CAP +SECCOMP +EBPF +CRIU +WASM:wasmedge +YAJL\n`,
      )
    : fail(1, 'crun: unknown command\n');
