/** Values as YAML in the habits of a file: indent, dashes, quotes. */
import { type Node, visit } from 'yaml';
import { isMap, isScalar, isSeq, type Source } from './yaml.ts';

export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

export interface Habits {
  /** Columns from a key to its nested mapping. */
  readonly step: number;
  /** Columns from a key to the dashes of its list; 0 where they stand below the key. */
  readonly dash: number;
  readonly quote: '"' | "'" | '';
  readonly eol: string;
  /** Keys stand in double quotes, too. */
  readonly keys?: boolean;
}

/** Columns of the text before `offset` on its line. */
export const columnOf = (text: string, offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1);

const most = <T>(counts: ReadonlyMap<T, number>, otherwise: T): T =>
  [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? otherwise;

/** Plain in every position, a flow list included, and never read as a number or another type. */
const PLAIN = /^(?!(?:true|false|yes|no|on|off|null|y|n|~)$)[A-Za-z_/][\w./=@+-]*(?::[\w./=@+-]+)*$/i;

export const habitsOf = (source: Source, eol: string): Habits => {
  const { text } = source;
  const steps = new Map<number, number>();
  const dashes = new Map<number, number>();
  const quotes = new Map<'"' | "'" | '', number>();
  const keys = new Map<boolean, number>();
  const count = <T>(map: Map<T, number>, key: T) => map.set(key, (map.get(key) ?? 0) + 1);
  for (const doc of source.docs)
    visit(doc, {
      Pair: (_, pair) => {
        const key = pair.key as Node;
        const value = pair.value as Node | null;
        if (isScalar(key)) count(keys, key.type === 'QUOTE_DOUBLE');
        if (!value?.range || !key?.range) return;
        const here = columnOf(text, key.range[0]);
        if (isMap(value) && value.flow !== true) count(steps, columnOf(text, value.range[0]) - here);
        const token = isSeq(value) ? value.srcToken : undefined;
        if (token?.type === 'block-seq') count(dashes, Math.max(0, token.indent - here));
      },
      Seq: (_, seq) => {
        // Text that needs its quotes says nothing about habits.
        for (const item of seq.items)
          if (isScalar(item) && typeof item.value === 'string' && PLAIN.test(item.value))
            count(quotes, item.type === 'QUOTE_DOUBLE' ? '"' : item.type === 'QUOTE_SINGLE' ? "'" : '');
      },
    });
  const step = most(steps, 2);
  return {
    step: step > 0 ? step : 2,
    dash: most(dashes, step > 0 ? step : 2),
    quote: most(quotes, ''),
    eol,
    keys: most(keys, false),
  };
};

export const scalar = (value: string | number | boolean, quote: Habits['quote'], always = false): string => {
  if (typeof value !== 'string') return String(value);
  if (!always && quote === '' && PLAIN.test(value)) return value;
  if (quote === "'" && !/[\x00-\x1f]/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return JSON.stringify(value);
};

const isTable = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === 'object' && !Array.isArray(value);

/** On one line. `json`: keys and strings quoted, as a JSON file wants them. */
export const flowText = (value: Value, habits: Habits, json = false): string => {
  if (Array.isArray(value)) return `[${value.map(v => flowText(v, habits, json)).join(', ')}]`;
  if (isTable(value))
    return `{${Object.entries(value)
      .map(([k, v]) => `${json ? JSON.stringify(k) : scalar(k, '')}: ${flowText(v, habits, json)}`)
      .join(', ')}}`;
  return scalar(value as string, json ? '"' : habits.quote, json);
};

/** Short lists of words stay on one line, as people write capabilities and device_ids. */
const isShort = (key: string, value: Value): boolean =>
  Array.isArray(value) &&
  (value.length === 0 || ((key === 'capabilities' || key === 'device_ids') && value.every(v => typeof v !== 'object')));

/** The lines of `key: value` at a column, without line ends. */
export const pairLines = (key: string, value: Value, column: number, habits: Habits): readonly string[] => {
  const indent = ' '.repeat(column);
  const name = `${indent}${habits.keys === true ? JSON.stringify(key) : scalar(key, '')}:`;
  if (isShort(key, value) || (isTable(value) && Object.keys(value).length === 0))
    return [
      `${name} ${flowText(value, { ...habits, quote: key === 'device_ids' ? habits.quote || '"' : habits.keys ? '"' : '' })}`,
    ];
  if (Array.isArray(value)) return [name, ...value.flatMap(v => itemLines(v, column + habits.dash, habits))];
  if (isTable(value))
    return [name, ...Object.entries(value).flatMap(([k, v]) => pairLines(k, v, column + habits.step, habits))];
  return [
    `${name} ${scalar(value as string, key === 'NVIDIA_VISIBLE_DEVICES' || habits.keys === true ? habits.quote : '')}`,
  ];
};

export const itemLines = (value: Value, column: number, habits: Habits): readonly string[] => {
  const indent = ' '.repeat(column);
  if (!isTable(value)) return [`${indent}- ${flowText(value, habits)}`];
  const [first = '', ...rest] = Object.entries(value).flatMap(([k, v]) => pairLines(k, v, column + 2, habits));
  return [`${indent}- ${first.trimStart()}`, ...rest];
};
