/** Arguments of `docker run` and `podman run`. */
import type { Request, Restart } from './world.ts';

const withValue = new Set(
  '-e --env --env-file --device --gpus --runtime --name --network --net --entrypoint --restart -v --volume --mount --security-opt -u --user -w --workdir --pull --cap-add --cap-drop -l --label --ipc --shm-size -m --memory --cpus --platform --group-add -h --hostname -p --publish --ulimit --tmpfs --log-driver --log-opt --pid --cgroupns --stop-timeout --annotation --hooks-dir'.split(
    ' ',
  ),
);
const bare = new Set(
  '--rm -d --detach -i --interactive -t --tty -it -ti --privileged --init --read-only -q --quiet --no-healthcheck'.split(
    ' ',
  ),
);

export interface RunArgs {
  readonly request: Request;
  readonly name: string | undefined;
  readonly remove: boolean;
  readonly detach: boolean;
  readonly pull: string;
}

export const parseRun = (
  args: readonly string[],
): RunArgs | { readonly unknown: string } | { readonly needsImage: true } => {
  const values = new Map<string, string[]>();
  const flags = new Set<string>();
  let i = 0;
  for (; i < args.length && args[i]!.startsWith('-'); i++) {
    const arg = args[i]!;
    const [key, inline] =
      arg.startsWith('--') && arg.includes('=')
        ? [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]
        : [arg, undefined];
    if (bare.has(key)) {
      if (inline !== 'false') flags.add(key);
    } else if (withValue.has(key)) {
      const value = inline ?? args[++i] ?? '';
      values.set(key, [...(values.get(key) ?? []), value]);
    } else return { unknown: key };
  }
  const image = args[i];
  if (image === undefined) return { needsImage: true };
  const all = (...names: string[]): string[] => names.flatMap(n => values.get(n) ?? []);
  const last = (...names: string[]): string | undefined => all(...names).at(-1);
  const runtime = last('--runtime');
  const gpus = last('--gpus');
  const entrypoint = last('--entrypoint');
  const network = last('--network', '--net');
  return {
    request: {
      image,
      command: args.slice(i + 1),
      env: all('-e', '--env'),
      devices: all('--device'),
      binds: all('-v', '--volume'),
      privileged: flags.has('--privileged'),
      capAdd: all('--cap-add'),
      restart: (last('--restart') ?? 'no').split(':')[0] as Restart,
      ...(runtime === undefined ? {} : { runtime }),
      ...(gpus === undefined ? {} : { gpus }),
      ...(entrypoint === undefined ? {} : { entrypoint }),
      ...(network === undefined ? {} : { network }),
    },
    name: last('--name'),
    remove: flags.has('--rm'),
    detach: flags.has('-d') || flags.has('--detach'),
    pull: last('--pull') ?? 'missing',
  };
};
