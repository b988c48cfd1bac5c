/** From words to a command: pure. */
import { parseArgs } from 'node:util';
import { commands, everywhere, later, laterFormats, type Option } from './commands.ts';
import { UsageError } from './errors.ts';
import { nearest } from './nearest.ts';

export interface Words {
  /** A key of `commands`; `wizard` where no command is given. */
  readonly command: string;
  readonly rest: readonly string[];
  /** A list for an option that may be repeated. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[]>>;
}

const everyOption = (): Record<string, Option> =>
  Object.assign({}, everywhere, ...Object.values(commands).map(command => command.options));

const notYet = (what: string): UsageError =>
  new UsageError(`${what}: not part of this version yet`, 'gpumedic --help lists what is');

const commandOf = (word: string | undefined): string => {
  if (word === undefined) return 'wizard';
  if (Object.hasOwn(commands, word)) return word;
  if (Object.hasOwn(later, word)) throw notYet(`${word} (${later[word]})`);
  const near = nearest(word, [...Object.keys(commands), ...Object.keys(later)]);
  throw new UsageError(
    `unknown command “${word}”`,
    near === null ? 'gpumedic --help lists the commands' : `did you mean “gpumedic ${near}”?`,
  );
};

const checkOption = (
  command: string,
  given: { name: string; rawName: string; value?: string | undefined },
): string | boolean => {
  const own = commands[command]?.options ?? {};
  const known: Readonly<Record<string, Option>> = { ...everywhere, ...own };
  const option = Object.hasOwn(known, given.name) ? known[given.name] : undefined;
  if (option === undefined) {
    if (Object.hasOwn(everyOption(), given.name) && given.rawName.startsWith('-')) {
      const owners = Object.entries(commands).filter(([, spec]) => Object.hasOwn(spec.options, given.name));
      throw new UsageError(
        `${given.rawName} does not go with “${command === 'wizard' ? 'gpumedic' : command}”`,
        `it goes with ${owners.map(([name]) => `“${name}”`).join(', ')}`,
      );
    }
    const near = nearest(given.name, Object.keys(known));
    throw new UsageError(
      `unknown option “${given.rawName}”`,
      near === null
        ? `gpumedic ${command === 'wizard' ? '' : `${command} `}--help lists the options`
        : `did you mean “--${near}”?`,
    );
  }
  if (option.type === 'boolean') {
    if (given.value !== undefined) throw new UsageError(`${given.rawName} takes no value`);
    return true;
  }
  if (given.value === undefined || given.value === '') {
    throw new UsageError(
      `${given.rawName} needs a value: ${given.rawName} ${option.value}`,
      given.name === 'demo' ? 'gpumedic --demo list names the simulated boxes' : null,
    );
  }
  if (option.choices !== undefined && !option.choices.includes(given.value)) {
    const near = nearest(given.value, option.choices);
    throw new UsageError(
      `${given.rawName} ${given.value}: not one of ${option.choices.join(', ')}`,
      near === null ? null : `did you mean “${near}”?`,
    );
  }
  if (given.name === 'format' && laterFormats[command]?.includes(given.value))
    throw notYet(`${command} --format ${given.value}`);
  return given.value;
};

/** Throws UsageError. */
export const parseWords = (args: readonly string[]): Words => {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(everyOption()).map(([name, o]) => [
        name,
        o.short === undefined ? { type: o.type } : { type: o.type, short: o.short },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const positionals = tokens.filter(token => token.kind === 'positional').map(token => token.value);
  const isHelpWord = positionals[0] === 'help';
  const [word, ...rest] = isHelpWord ? positionals.slice(1) : positionals;
  const command = commandOf(word);
  const options: Record<string, string | boolean | readonly string[]> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    // `--box --json`: the value was forgotten, and taking the next option for it would hide that.
    const isSwallowed =
      token.value !== undefined && !token.inlineValue && token.value.startsWith('-') && token.value !== '-';
    const value = checkOption(command, isSwallowed ? { ...token, value: undefined } : token);
    const before = options[token.name];
    const isMany = commands[command]?.options[token.name]?.many === true && typeof value === 'string';
    options[token.name] = isMany ? [...(Array.isArray(before) ? before : []), value] : value;
  }
  if (isHelpWord) options.help = true;
  if (options.help === true || options.version === true || options.demo === 'list') return { command, rest, options };
  const spec = commands[command];
  if (spec !== undefined && rest.length > spec.most) {
    throw new UsageError(
      `“${rest[spec.most]}” is one word too many`,
      `usage: gpumedic ${command} ${spec.takes}`.trim(),
    );
  }
  if (options.json === true && options.format !== undefined && options.format !== 'json') {
    throw new UsageError(`--json and --format ${options.format} contradict each other`, 'give one of them');
  }
  if (options.box !== undefined && options.demo !== undefined) {
    throw new UsageError('--box and --demo name two different machines', 'give one of them');
  }
  return { command, rest, options };
};
