/** What the TOML editor promises: one key changes, every comment and line end stays, anything doubtful is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import TOML from '@iarna/toml';
import fc from 'fast-check';
import { sameValue, withKey } from '../src/text/edit.ts';
import { removeToml, setToml, tomlFault } from '../src/text/toml.ts';
import { oneTomlFix } from '../src/text/toml-fix.ts';

const parse = (text: string): unknown => TOML.parse(text.replaceAll('\r\n', '\n'));
const RUNTIME = 'nvidia-container-runtime';
const CONFIG = `#accept-nvidia-visible-devices-as-volume-mounts = false
disable-require = false
#swarm-resource = "DOCKER_RESOURCE_GPU"

[nvidia-container-cli]
#debug = "/var/log/nvidia-container-toolkit.log"
environment = []
#ldcache = "/etc/ld.so.cache"
ldconfig = "@/sbin/ldconfig.real" # Ubuntu
load-kmods = true
#no-cgroups = false

[nvidia-container-runtime]
log-level = "info"
runtimes = [
  "docker-runc", # "mode = 1"
  "runc",
]
#mode = "auto"

[nvidia-container-runtime.modes.cdi]
mode = "not this one"
spec-dirs = ["/etc/cdi", "/var/run/cdi"]
`;

const set = (text: string | null, table: string, key: string, literal: string): string => {
  const result = setToml(text, table, key, literal);
  assert.ok(result.ok, JSON.stringify(result));
  return result.text;
};
const refusal = (text: string, table: string, key: string, literal = 'true') => {
  const result = setToml(text, table, key, literal);
  assert.ok(!result.ok, 'should be refused');
  return result.fault;
};

test('a value is replaced where it stands, with its comment behind it', () => {
  assert.equal(
    set(CONFIG, 'nvidia-container-cli', 'ldconfig', '"@/sbin/ldconfig"'),
    CONFIG.replace('"@/sbin/ldconfig.real" # Ubuntu', '"@/sbin/ldconfig" # Ubuntu'),
  );
  assert.equal(
    set(CONFIG, RUNTIME, 'runtimes', '["runc"]'),
    CONFIG.replace(/runtimes = \[[\s\S]*?\]/, 'runtimes = ["runc"]'),
  );
  const same = setToml(CONFIG, RUNTIME, 'log-level', "'info'");
  assert.ok(same.ok && !same.changed && same.text === CONFIG);
});

test('a new key goes below its commented-out example, of its own table only', () => {
  assert.equal(
    set(CONFIG, RUNTIME, 'mode', '"cdi"'),
    CONFIG.replace('#mode = "auto"\n', '#mode = "auto"\nmode = "cdi"\n'),
  );
  assert.equal(
    set(CONFIG, 'nvidia-container-cli', 'debug', '"/x"'),
    CONFIG.replace('toolkit.log"\n', 'toolkit.log"\ndebug = "/x"\n'),
  );
  assert.equal(
    set('[a]\nx = 1\n#[b]\n#mode = "auto"\n', 'a', 'mode', '1'),
    '[a]\nx = 1\nmode = 1\n#[b]\n#mode = "auto"\n',
  );
  assert.equal(
    set(CONFIG, '', 'swarm-resource', '"G"'),
    CONFIG.replace('RESOURCE_GPU"\n', 'RESOURCE_GPU"\nswarm-resource = "G"\n'),
  );
});

test('tables: with blanks, quoted, dotted, empty, missing, at the end of a file without newline, CRLF', () => {
  assert.equal(set('[ "a" . b ] # c\r\n', 'a.b', 'x', '1'), '[ "a" . b ] # c\r\nx = 1\r\n');
  assert.equal(set('[a]\r\n  x = 1', 'a', 'y', '2'), '[a]\r\n  x = 1\r\n  y = 2');
  assert.equal(set('x = 1', 'a.b', 'y', '2'), 'x = 1\n\n[a.b]\ny = 2');
  assert.equal(set('[a.b]\nx = 1\n', 'a', 'y', '2'), '[a.b]\nx = 1\n\n[a]\ny = 2\n');
  assert.equal(set('a.b = 1\nz = 2\n', 'a', 'c', '3'), 'a.b = 1\na.c = 3\nz = 2\n');
  assert.equal(set('[p]\n"q r".s = 1\n', 'p."q r"', 't', '3'), '[p]\n"q r".s = 1\n"q r".t = 3\n');
  assert.equal(set(null, 'a', 'x', '1'), '[a]\nx = 1\n');
  assert.equal(set('', '', 'x', '1'), 'x = 1\n');
  assert.equal(set('# licence\n\n[a]\nx = 1\n', '', 'y', '2'), '# licence\n\ny = 2\n[a]\nx = 1\n');
  assert.equal(
    set(
      '[plugins."io.containerd.grpc.v1.cri"]\n  enable_cdi = false\n',
      'plugins."io.containerd.grpc.v1.cri"',
      'enable_cdi',
      'true',
    ),
    '[plugins."io.containerd.grpc.v1.cri"]\n  enable_cdi = true\n',
  );
  assert.equal(set('s = """\n[a]\n#x = 1\n"""\n[a]\n', 'a', 'x', '1'), 's = """\n[a]\n#x = 1\n"""\n[a]\nx = 1\n');
});

test('removing takes the line and leaves a comment that stood behind it', () => {
  const gone = removeToml(CONFIG, 'nvidia-container-cli', 'load-kmods');
  assert.ok(gone.ok && gone.text === CONFIG.replace('load-kmods = true\n', ''));
  const kept = removeToml(CONFIG, 'nvidia-container-cli', 'ldconfig');
  assert.ok(kept.ok && kept.text === CONFIG.replace('ldconfig = "@/sbin/ldconfig.real" # Ubuntu', '# Ubuntu'));
  const absent = removeToml(CONFIG, 'nvidia-container-cli', 'root');
  assert.ok(absent.ok && !absent.changed);
  const dotted = removeToml('a.b.c = 1\nz = 1\n', 'a.b', 'c');
  assert.ok(dotted.ok && dotted.text === 'z = 1\n');
});

test('what cannot be done by one span is refused with its place', () => {
  assert.deepEqual(refusal('x = 1\na = { b = 1 }\n', 'a', 'c'), {
    line: 2,
    column: 1,
    message: 'a is written as one value, so a.c cannot be set in it',
  });
  assert.match(refusal('[[a]]\nx = 1\n', 'a', 'x').message, /array of tables/);
  assert.match(refusal('[a.b]\nx = 1\n', 'a', 'b').message, /is a table and no value/);
  assert.match(refusal('x = 1\n', 'x', 'y').message, /written as one value/);
  assert.match(refusal('', 'a', 'x', '1\ny = 2').message, /no TOML value/);
  assert.match(refusal('', 'a', 'x', 'yes').message, /no TOML value/);
  assert.match(refusal('', 'a b', 'x').message, /no name of a table/);
  assert.match(refusal('\uFEFFx = 1\n', '', 'y').message, /byte order mark/);
});

test('a fault has line, column and reason', () => {
  const cases: readonly (readonly [string, number, number, RegExp])[] = [
    ['a = 1\r\nmode = "cdi\r\nb = 2\r\n', 2, 8, /no closing quote/],
    ['a = 1\n a = 2\n', 2, 2, /second time/],
    ['a = tru\n', 1, 8, /invalid boolean/],
    ['= 1\n', 1, 1, /unexpected character "="/],
    ['a = "\\q"\n', 1, 7, /escape/],
    ['a', 1, 2, /without value/],
  ];
  for (const [text, line, column, message] of cases) {
    const fault = tomlFault(text);
    assert.deepEqual([fault?.line, fault?.column], [line, column], text);
    assert.match(fault?.message ?? '', message, text);
  }
  assert.equal(tomlFault(CONFIG), null);
});

test('one slip is mended only where there is no second reading', () => {
  const broken = CONFIG.replace('#mode = "auto"', 'mode = "cdi');
  assert.equal(oneTomlFix(broken)?.text, CONFIG.replace('#mode = "auto"', 'mode = "cdi"'));
  assert.equal(oneTomlFix("a = 'x\r\n")?.text, "a = 'x'\r\n");
  assert.equal(oneTomlFix('[a]\nx = 1\n\n[a]\ny = 2\n')?.text, '[a]\nx = 1\n\ny = 2\n');
  const uncertain = [
    'a = "x # y\n',
    'a = ["x, "y"]\n',
    'a = "x\ny"\n',
    '[a]\nx = 1\n[b]\n[a]\ny = 2\n',
    '[a]\nx = 1\n[a]\nx = 2\n',
    'a = cdi\n',
    'a = 1\n',
    'a = "x\nb = "y\n',
  ];
  for (const text of uncertain) assert.equal(oneTomlFix(text), null, text);
});

const bare = fc.constantFrom('mode', 'debug', 'ldconfig', 'a-b', 'x_1');
const anyKey = fc.oneof(
  { weight: 4, arbitrary: bare },
  { weight: 1, arbitrary: fc.constantFrom('"q x"', '"d.t"', "'lit'") },
);
const literal = fc.constantFrom(
  'true',
  '1',
  '-2.5',
  '"x"',
  "'y # z'",
  '""',
  '"esc \\" # ]"',
  '[]',
  '["a", "b"]',
  '[\n  "a", # c ]\n  "b",\n]',
  '1979-05-27T07:32:00Z',
  '1979-05-27',
  '"""\n[t]\n#mode = 1\n"""',
  "'''a\n'''",
  '{ i = 1, "j" = [2] }',
  '0x1F',
  'inf',
);
const comment = fc.constantFrom('', ' # why', '\t#', '  # "quoted" [t]');
const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom('', '  ', '\t'), anyKey, fc.constantFrom('=', ' = ', '  ='), literal, comment)
      .map(p => p.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom('', '   ', '# note', '#mode = "auto"', '  # debug = 1', '#[other]') },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('sub.', '"sub two". '), bare, fc.constantFrom(' = 1', ' = "x"'))
      .map(p => p.join('')),
  },
);
const header = fc
  .tuple(fc.constantFrom('[t]', '[ t ]', '[t.u]', '[ "t" . v ]', '[w]', '[[list]]', '[list.in]', '["d.t"]'), comment)
  .map(p => p.join(''));
const file = fc
  .tuple(
    fc.array(line, { maxLength: 4 }),
    fc.array(fc.tuple(header, fc.array(line, { maxLength: 4 })), { maxLength: 4 }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([root, tables, crlf, end]) => {
    const text = [...root, ...tables.flatMap(([head, lines]) => [head, ...lines])].join('\n') + (end ? '\n' : '');
    return crlf ? text.replaceAll('\n', '\r\n') : text;
  })
  .filter(text => tomlFault(text) === null);
const table = fc.constantFrom('', '', '', 't', 't', 't', 't.u', 't.v', 'w', 'new', '"d.t"', 'sub', 't."sub two"');
const put = fc.constantFrom('true', '"cdi"', '["/etc/cdi"]', '7');
const name = fc.constantFrom('mode', 'debug', 'mode', 'debug', 'ldconfig', 'new-key', 'q x', 'd.t');
const pathOf = (t: string, key: string): string[] => [
  ...(t === '' ? [] : t === '"d.t"' ? ['d.t'] : t.replaceAll('"', '').split('.')),
  key,
];

test('property: the meaning changes by exactly one key, once; no comment and no line of others is lost', () => {
  let changed = 0;
  fc.assert(
    fc.property(file, table, name, put, (text, t, key, value) => {
      const result = setToml(text, t, key, value);
      if (!result.ok) return assert.match(result.fault.message, /array of tables|is a table|as one value/, text);
      changed += result.changed ? 1 : 0;
      const wanted = (TOML.parse(`x = ${value}`) as { x: unknown }).x;
      assert.ok(sameValue(parse(result.text), withKey(parse(text), pathOf(t, key), wanted)));
      const again = setToml(result.text, t, key, value);
      assert.ok(again.ok && !again.changed && again.text === result.text);
      const had = pathOf(t, key).reduce<unknown>(
        (node, part) => (node as Record<string, unknown> | undefined)?.[part],
        parse(text),
      );
      if (had === undefined) {
        let head = 0;
        while (head < text.length && text[head] === result.text[head]) head++;
        assert.ok(result.text.endsWith(text.slice(head)), 'an insertion only adds');
        const back = removeToml(result.text, t, key);
        assert.ok(back.ok && sameValue(withKey(parse(back.text), [], parse(back.text)), parse(back.text)));
      }
      if (text.includes('\r\n') && !/[^\r]\n/.test(text)) assert.doesNotMatch(result.text, /[^\r]\n/);
    }),
    { numRuns: 800 },
  );
  assert.ok(changed > 200, `only ${changed} runs changed anything`);
});

test('property: removing takes out exactly that key', () => {
  let removed = 0;
  fc.assert(
    fc.property(file, table, name, (text, t, key) => {
      const result = removeToml(text, t, key);
      if (!result.ok) return;
      if (result.changed) {
        removed++;
        for (const note of text.match(/# why|# note/g) ?? []) assert.ok(result.text.includes(note));
      }
      const again = removeToml(result.text, t, key);
      assert.ok(again.ok && !again.changed);
    }),
    { numRuns: 900 },
  );
  assert.ok(removed > 10, `only ${removed} runs removed anything`);
});

test('property: whatever stands in the file, the editor answers and never changes what it cannot read', () => {
  const broken = fc.oneof(
    fc.string(),
    fc
      .tuple(file, fc.nat(), fc.constantFrom('[', ']', '"', "'", '=', '\\', '\u0000', '#', '\n', ''))
      .map(([text, at, char]) => {
        const where = at % (text.length + 1);
        return text.slice(0, where) + char + text.slice(where + 1);
      }),
  );
  fc.assert(
    fc.property(broken, text => {
      const fault = tomlFault(text);
      for (const result of [setToml(text, 't', 'mode', '"cdi"'), removeToml(text, 't', 'mode')]) {
        if (fault !== null) assert.ok(!result.ok);
        if (result.ok) assert.equal(tomlFault(result.text), null);
      }
      const fix = oneTomlFix(text);
      if (fix !== null) assert.ok(fault !== null && tomlFault(fix.text) === null);
      if (fault !== null) assert.ok(fault.line >= 1 && fault.column >= 1 && fault.line <= text.split('\n').length);
    }),
    { numRuns: 600 },
  );
});
