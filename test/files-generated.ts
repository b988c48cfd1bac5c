/** Compose files as people may write them, made at random, with what each service asks for. */
import fc from 'fast-check';
import type { FormId } from '../flows/requests/forms.ts';

export interface Made {
  readonly text: string;
  /** By service: the ids it asks for, sorted, or the word; null for none. */
  readonly asks: Readonly<Record<string, string | null>>;
}

interface Style {
  readonly step: 2 | 3 | 4;
  readonly dash: 0 | 2;
  readonly eol: '\n' | '\r\n';
  readonly bom: boolean;
  readonly lastEol: boolean;
  readonly blank: boolean;
}
interface Asked {
  readonly form: FormId | 'none' | 'merged';
  readonly ids: 'all' | readonly number[];
  readonly flow: boolean;
  readonly limits: boolean;
  readonly list: boolean;
  readonly comments: readonly string[];
  readonly others: readonly ('ports' | 'volumes' | 'command' | 'labels')[];
  readonly first: boolean;
}

const style: fc.Arbitrary<Style> = fc.record({
  step: fc.constantFrom(2, 3, 4),
  dash: fc.constantFrom(0, 2),
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  lastEol: fc.boolean(),
  blank: fc.boolean(),
});
const comment = fc.constantFrom('', ' # one', '  # deploy: x', '\t# tab', ' # "quoted" {brace} [list]', ' # 그래픽');
const asked: fc.Arbitrary<Asked> = fc.record({
  form: fc.constantFrom('cdi', 'runtime', 'reservation', 'reservation-cdi', 'gpus', 'none', 'merged'),
  ids: fc.oneof(fc.constant('all' as const), fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 3 })),
  flow: fc.boolean(),
  limits: fc.boolean(),
  list: fc.boolean(),
  comments: fc.array(comment, { minLength: 12, maxLength: 12 }),
  others: fc.subarray(['ports', 'volumes', 'command', 'labels'] as const),
  first: fc.boolean(),
});

type Lines = readonly string[];
const indent = (lines: Lines, by: number): Lines =>
  lines.map(l => (l === '' || l.startsWith('#') ? l : ' '.repeat(by) + l));

const requestLines = (a: Asked, s: Style): Lines => {
  const c = (i: number): string => a.comments[i] ?? '';
  const names = a.ids === 'all' ? ['nvidia.com/gpu=all'] : a.ids.map(i => `nvidia.com/gpu=${i}`);
  const plain = a.ids === 'all' ? 'all' : a.ids.join(',');
  const under = (lines: Lines): Lines => indent(lines, s.step);
  const items = (list: readonly Lines[]): Lines =>
    list.flatMap(([first = '', ...rest]) => indent([`- ${first}`, ...indent(rest, 2)], s.dash));
  const own = a.comments[9] === '' ? [] : [`#${c(9).trim()}`];
  if (a.form === 'cdi') {
    if (a.flow) return [`devices: [${['/dev/snd', ...names].map(n => `"${n}"`).join(', ')}]${c(0)}`];
    return [`devices:${c(0)}`, ...own, ...items([['/dev/dri'], ...names.map((n, i) => [n + c(i + 1)])])];
  }
  if (a.form === 'runtime') {
    if (a.flow) return [`runtime: nvidia${c(0)}`, `environment: {A: "1", NVIDIA_VISIBLE_DEVICES: "${plain}"}`];
    const env = a.list
      ? items([[`A=1${c(1)}`], [`NVIDIA_VISIBLE_DEVICES=${plain}${c(2)}`]])
      : under([`A: "1"${c(1)}`, ...own, `NVIDIA_VISIBLE_DEVICES: "${plain}"${c(2)}`]);
    return [`runtime: nvidia${c(0)}`, `environment:${c(3)}`, ...env];
  }
  const driver = a.form === 'reservation-cdi' ? 'cdi' : 'nvidia';
  const ids =
    a.form === 'reservation-cdi'
      ? `device_ids: [${names.map(n => `"${n}"`).join(', ')}]`
      : a.ids === 'all'
        ? 'count: all'
        : `device_ids: [${a.ids.map(i => `'${i}'`).join(', ')}]`;
  const item = a.flow
    ? [`{driver: ${driver}, ${ids}, capabilities: [gpu]}${c(4)}`]
    : [`driver: ${driver}${c(4)}`, `${ids}${c(5)}`, 'capabilities: [gpu]'];
  if (a.form === 'gpus') return a.ids === 'all' && a.flow ? [`gpus: all${c(0)}`] : [`gpus:${c(0)}`, ...items([item])];
  const limits = a.limits ? ['limits:', ...under(['memory: 4g'])] : [];
  if (a.flow && a.list)
    return [
      `deploy: {resources: {${a.limits ? 'limits: {memory: 4g}, ' : ''}reservations: {devices: [${item[0]?.replace(c(4), '')}]}}}${c(6)}`,
    ];
  const reservations = [`reservations:${c(6)}`, ...own, ...under([`devices:${c(7)}`, ...items([item])])];
  return [`deploy:${c(8)}`, ...under(['resources:', ...under([...limits, ...reservations])])];
};

const otherLines: Readonly<Record<string, (s: Style) => Lines>> = {
  ports: s => ['ports:', ...indent(['- "80:80"', '- 443:443'], s.dash)],
  volumes: s => ['volumes:', ...indent(['- data:/data', '# - gpus: all'], s.dash)],
  command: s => ['command: |', ...indent(['deploy:', '  devices: nvidia'], s.step)],
  labels: s => ['labels:', ...indent(['a: "b # c"', "d: 'it''s'"], s.step)],
};

const file = (services: readonly Asked[], s: Style): Made => {
  const usesAnchor = services.some(a => a.form === 'merged');
  const shared: Asked | undefined = services.find(a => a.form === 'merged');
  const anchor = usesAnchor && shared ? requestLines({ ...shared, form: 'reservation' }, s) : [];
  const gap = s.blank ? [''] : [];
  const blocks = services.flatMap((a, i) => {
    const request = a.form === 'none' || a.form === 'merged' ? [] : requestLines(a, s);
    const merge = a.form === 'merged' ? ['<<: *gpu'] : [];
    const others = a.others.flatMap(o => otherLines[o]?.(s) ?? []);
    const body = a.first
      ? [...merge, ...request, 'image: x', ...others]
      : [...merge, 'image: x', ...others, ...request];
    return [...indent([`s${i}:${a.comments[10] ?? ''}`, ...indent(body, s.step)], s.step), ...gap];
  });
  const lines = [
    '# made at random',
    ...(usesAnchor ? ['x-gpu: &gpu', ...indent(anchor, s.step)] : []),
    'services:',
    ...blocks,
    'volumes:',
    `${' '.repeat(s.step)}data: {}`,
  ];
  const keyOf = (a: Asked): string | null => {
    const of = a.form === 'merged' && shared ? shared : a;
    return a.form === 'none' ? null : of.ids === 'all' ? 'all' : [...of.ids].map(String).sort().join(',');
  };
  return {
    text: (s.bom ? '\uFEFF' : '') + lines.join(s.eol) + (s.lastEol ? s.eol : ''),
    asks: Object.fromEntries(services.map((a, i) => [`s${i}`, keyOf(a)])),
  };
};

export const composeFile: fc.Arbitrary<Made> = fc
  .tuple(fc.array(asked, { minLength: 1, maxLength: 4 }), style)
  .map(([services, s]) => file(services, s));
