/** What a restart of the engine stops, read from what `docker ps`, `docker inspect` and `docker info` print. */
import type { Box, Command, Ran } from '../box/box.ts';
import type { Interruption } from './plan.ts';

export const PS: Command = { argv: ['docker', 'ps', '--format', '{{json .}}'] };
export const INFO: Command = { argv: ['docker', 'info', '--format', '{{json .}}'] };
/** Restart policies of the named containers, one JSON object a line. */
export const inspectOf = (ids: readonly string[]): Command => ({
  argv: [
    'docker',
    'inspect',
    '--format',
    '{"Id":{{json .Id}},"Name":{{json .Name}},"RestartPolicy":{{json .HostConfig.RestartPolicy}}}',
    ...ids,
  ],
});

type Fields = Readonly<Record<string, unknown>>;

const objectsIn = (text: string): readonly Fields[] =>
  text.split('\n').flatMap(line => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? [value as Fields] : [];
    } catch {
      return [];
    }
  });

const textIn = (fields: Fields, key: string): string =>
  typeof fields[key] === 'string' ? (fields[key] as string) : '';

/** Ids of the running containers, short or long as docker prints them. */
export const runningIds = (ps: Ran): readonly string[] =>
  ps.kind === 'exited' && ps.code === 0
    ? objectsIn(ps.stdout)
        .map(line => textIn(line, 'ID'))
        .filter(id => /^[0-9a-f]{8,64}$/.test(id))
    : [];

const policyOf = (policy: unknown): string => {
  const { Name, MaximumRetryCount } = (typeof policy === 'object' && policy !== null ? policy : {}) as Fields;
  if (typeof Name !== 'string' || Name === '') return 'no';
  return Name === 'on-failure' && Number(MaximumRetryCount) > 0 ? `on-failure:${Number(MaximumRetryCount)}` : Name;
};

const policies = (inspect: Ran | null): ReadonlyMap<string, string> =>
  new Map(
    inspect?.kind === 'exited'
      ? objectsIn(inspect.stdout).map(line => [textIn(line, 'Id'), policyOf(line.RestartPolicy)] as const)
      : [],
  );

const reason = (ran: Ran): string => {
  if (ran.kind === 'exited') return ran.stderr.trim().split('\n').at(-1) || `docker ps ended with ${ran.code}`;
  return {
    absent: 'docker is not installed',
    denied: 'docker may not be asked',
    timedOut: 'docker did not answer',
    unrecorded: 'the recording does not say',
  }[ran.kind];
};

export interface DockerAnswers {
  /** Of PS. */
  readonly ps: Ran;
  /** Of `inspectOf(runningIds(ps))`; null where nothing runs or it was not asked. */
  readonly inspect: Ran | null;
  /** Of INFO, or what is known already: whether live-restore is on. */
  readonly info: Ran | { readonly liveRestore: boolean };
}

/** Never guesses: where the list could not be had, `unknown` says why; a policy that was not had reads "unknown". */
export const interruptionOf = (answers: DockerAnswers, services: readonly string[]): Interruption => {
  const { ps, inspect, info } = answers;
  const liveRestore =
    'liveRestore' in info
      ? info.liveRestore
      : info.kind === 'exited' && objectsIn(info.stdout)[0]?.LiveRestoreEnabled === true;
  if (ps.kind !== 'exited' || ps.code !== 0)
    return { containers: [], liveRestore, services, unknown: `running containers could not be listed: ${reason(ps)}` };
  const restart = policies(inspect);
  const containers = objectsIn(ps.stdout).map(line => {
    const id = textIn(line, 'ID');
    const full = [...restart.keys()].find(key => id !== '' && key.startsWith(id));
    return {
      name: textIn(line, 'Names') || id,
      image: textIn(line, 'Image'),
      restart: (full !== undefined && restart.get(full)) || 'unknown',
    };
  });
  return { containers, liveRestore, services };
};

/** Asks the box, read-only, what a restart of Docker would stop now. */
export const askInterruption = async (box: Box, services: readonly string[] = ['docker']): Promise<Interruption> => {
  const [ps, info] = await Promise.all([box.run(PS), box.run(INFO)]);
  const ids = runningIds(ps);
  const inspect = ids.length > 0 ? await box.run(inspectOf(ids)) : null;
  return interruptionOf({ ps, inspect, info }, services);
};
