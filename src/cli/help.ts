/** The text of --help. */

import { wrap } from '../report/wrap.ts';
import { commands, everywhere, laterFormats, type Option } from './commands.ts';
import type { Terminal } from './terminal.ts';

const NAME_COLUMN = 24;

const row = (name: string, about: string, columns: number): string => {
  const width = Math.max(20, Math.min(columns, 100) - NAME_COLUMN);
  const lines = wrap(about, width);
  const isLong = name.length + 3 > NAME_COLUMN;
  const first = isLong
    ? `  ${name}\n${' '.repeat(NAME_COLUMN)}${lines[0] ?? ''}`
    : `  ${name}`.padEnd(NAME_COLUMN) + (lines[0] ?? '');
  return [first, ...lines.slice(1).map(line => ' '.repeat(NAME_COLUMN) + line)].join('\n');
};

const optionRow = (command: string, name: string, option: Option, columns: number): string => {
  const choices = option.choices?.filter(choice => !(laterFormats[command] ?? []).includes(choice));
  const value = choices === undefined ? option.value : choices.join('|');
  const flag = `${option.short === undefined ? '' : `-${option.short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
  return row(flag, option.about, columns);
};

const options = (command: string, table: Readonly<Record<string, Option>>, columns: number): string =>
  Object.entries(table)
    .map(([name, option]) => optionRow(command, name, option, columns))
    .join('\n');

const paragraph = (text: string, columns: number): string => wrap(text, Math.min(columns, 100)).join('\n');

const ABOUT =
  'gpumedic finds out why the NVIDIA GPU does not work in a container, and mends it. Nothing is changed without a clear yes.';
const CODES =
  'Exit codes: 0 healthy, or everything found was fixed and verified; 1 a fault stands; 2 could not tell; 64 wrong usage or unreadable input; 70 a bug of ours; 130 interrupted.';

const overview = (columns: number): string => `${paragraph(ABOUT, columns)}

usage: gpumedic [COMMAND] [OPTIONS]

Commands:
${row('(none)', commands.wizard!.about.replace(' (also without any command)', ''), columns)}
${Object.entries(commands)
  .filter(([name]) => name !== 'wizard')
  .map(([name, spec]) => row(`${name} ${spec.takes}`.trim(), spec.about, columns))
  .join('\n')}

Options:
${options('', everywhere, columns)}

gpumedic COMMAND --help shows a command's own options.
${paragraph(CODES, columns)}
`;

/** Help for a command; for the wizard, the overview. */
export const help = (command: string, terminal: Terminal): string => {
  const spec = commands[command];
  const { columns } = terminal;
  const text =
    spec === undefined || command === 'wizard'
      ? overview(columns)
      : `usage: gpumedic ${`${command} ${spec.takes}`.trim()} [OPTIONS]

${paragraph(spec.about, columns)}
${Object.keys(spec.options).length === 0 ? '' : `\n${options(command, spec.options, columns)}\n`}
Anywhere:
${options('', everywhere, columns)}

${paragraph(CODES, columns)}
`;
  return terminal.ascii ? text.replaceAll('…', '...').replaceAll('’', "'") : text;
};
