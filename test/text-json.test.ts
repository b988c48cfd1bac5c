/** What the JSON editor promises: only the span that says the thing changes, and a broken file is never touched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sameValue, withKey } from '../src/text/edit.ts';
import { type JsonValue, jsonFault, removeJson, setJson } from '../src/text/json.ts';
import { oneCharacterFix } from '../src/text/json-fix.ts';

const set = (text: string | null, path: readonly string[], value: JsonValue): string => {
  const result = setJson(text, path, value);
  assert.ok(result.ok, JSON.stringify(result));
  return result.text;
};
const faultOf = (text: string, path: readonly string[] = ['features', 'cdi']) => {
  const result = setJson(text, path, true);
  assert.ok(!result.ok, 'should be refused');
  return result.fault;
};

test('no file, an empty file and an empty object each get a minimal file', () => {
  const minimal = '{\n  "features": {\n    "cdi": true\n  }\n}\n';
  assert.equal(set(null, ['features', 'cdi'], true), minimal);
  assert.equal(set('', ['features', 'cdi'], true), minimal);
  assert.equal(set('{}', ['features', 'cdi'], true), minimal.trimEnd());
  assert.equal(set('{\n}\n', ['features', 'cdi'], true), minimal);
});

test('a member goes behind the last one with the indent of the file, nothing else moves', () => {
  const before =
    '{\n    "log-driver": "local",\n    "runtimes": {\n        "nvidia": {\n            "args": [],\n            "path": "nvidia-container-runtime"\n        }\n    }\n}';
  assert.equal(
    set(before, ['features', 'cdi'], true),
    `${before.slice(0, -2)},\n    "features": {\n        "cdi": true\n    }\n}`,
  );
  assert.equal(
    set('{\r\n\t"a": 1\r\n}\r\n', ['runtimes', 'nvidia'], { path: 'nvidia-container-runtime', args: [] }),
    '{\r\n\t"a": 1,\r\n\t"runtimes": {\r\n\t\t"nvidia": {\r\n\t\t\t"path": "nvidia-container-runtime",\r\n\t\t\t"args": []\r\n\t\t}\r\n\t}\r\n}\r\n',
  );
  assert.equal(set('{"a":1}', ['features', 'cdi'], true), '{"a":1, "features":{ "cdi": true }}');
  assert.equal(set('\uFEFF{"a": {}}', ['a', 'b'], 1), '\uFEFF{"a": {"b": 1}}');
});

test('objects are merged: what a person added to a runtime stays', () => {
  const before = '{\n  "runtimes": {\n    "nvidia": { "path": "/old", "runtimeArgs": ["--x"] }\n  }\n}\n';
  assert.equal(
    set(before, ['runtimes', 'nvidia'], { path: 'nvidia-container-runtime', args: [] }),
    '{\n  "runtimes": {\n    "nvidia": { "path": "nvidia-container-runtime", "runtimeArgs": ["--x"], "args": [] }\n  }\n}\n',
  );
});

test('what cannot be said without guessing is refused with its place', () => {
  assert.deepEqual(faultOf('{\n  "a": 1,\n  "a": 2\n}'), { line: 3, column: 3, message: 'the key "a" is given twice' });
  assert.match(faultOf('{"features": [1]}').message, /"features" holds an array/);
  assert.match(faultOf('[1]').message, /the file holds an array/);
  assert.match(faultOf('{\n // hi\n "a": 1}').message, /no comments/);
  assert.equal(faultOf('{\n "a": {"b": 1, "b": 1}}').line, 2);
});

test('a fault names line, column and what was expected', () => {
  const cases: readonly (readonly [string, number, number, RegExp])[] = [
    ['{\n  "a": 1,\n}\n', 2, 9, /nothing follows this comma/],
    ['{\n  "a": 1\n  "b": 2\n}\n', 3, 3, /comma was expected/],
    ['{\n  "a": {\n    "b": 1\n  }\n', 5, 1, /closing brace/],
    ['{ "a" 1 }', 1, 7, /colon/],
    ['{ "a": }', 1, 8, /value/],
    ['{ a: 1 }', 1, 3, /neither a string|name in double quotes/],
    ['{"a": "x', 1, 7, /no closing quote/],
    ['{} x', 1, 4, /ended before|neither/],
  ];
  for (const [text, line, column, message] of cases) {
    const fault = jsonFault(text);
    assert.deepEqual([fault?.line, fault?.column], [line, column], text);
    assert.match(fault?.message ?? '', message, text);
  }
  assert.equal(jsonFault('\uFEFF{ "a": [1, 2] }\r\n'), null);
});

test('one character is offered only where there is no second reading', () => {
  const certain: readonly (readonly [string, string])[] = [
    [
      '{\n    "runtimes": {\n        "nvidia": {}\n    },\n}\n',
      '{\n    "runtimes": {\n        "nvidia": {}\n    }\n}\n',
    ],
    ['{"a": [1, 2, ]}', '{"a": [1, 2 ]}'],
    ['{\n  "a": 1\n  "b": 2\n}', '{\n  "a": 1,\n  "b": 2\n}'],
    ['{\r\n  "a": {}\r\n  "b": 2\r\n}', '{\r\n  "a": {},\r\n  "b": 2\r\n}'],
    ['{\n  "a": {\n    "b": 1\n  }\n', '{\n  "a": {\n    "b": 1\n  }\n}\n'],
    // Good JSON also with the brace behind "[]", but the indent says otherwise.
    [
      '{\n    "runtimes": {\n        "nvidia": {\n            "args": [],\n            "path": "x"\n        }\n    }\n',
      '{\n    "runtimes": {\n        "nvidia": {\n            "args": [],\n            "path": "x"\n        }\n    }\n}\n',
    ],
    ['{"a": 1}}', '{"a": 1}'],
    ['{"a": 1,, "b": 2}', '{"a": 1, "b": 2}'],
    ['{"a": 1};\n', '{"a": 1}\n'],
    ['{\n  "a": 1\n}\nx\n', '{\n  "a": 1\n}\n\n'],
    ['{"a": "},{", }', '{"a": "},{" }'],
  ];
  for (const [text, fixed] of certain) assert.equal(oneCharacterFix(text)?.text, fixed, text);
  const uncertain = [
    '{\n  "a": {\n    "b": 1,\n  "c": 2\n}\n', // the brace may be missing before "c" or at the end
    '{"a": {"b": 1, "c": 2}', // on one line no layout tells
    '{\n  "a": {\n    "b": 1,\n    "c": 2\n}\n', // the indent says that the brace of "a" is missing
    '{"max": 1O0}',
    '{"a": 1 "b": 2}',
    '{"a": tru}',
    '{"a": "x}',
    '{"a": 1,, "a": 2}',
    '{"a": 1,,, "b": 2}',
    '',
    '{"a": 1}',
  ];
  for (const text of uncertain) assert.equal(oneCharacterFix(text), null, text);
  assert.equal(oneCharacterFix('{\n  "a": 1,\n}')?.did, 'removed the comma at line 2, column 9');
});

const key = fc.constantFrom(
  'features',
  'runtimes',
  'nvidia',
  'cdi',
  'path',
  'a b',
  '',
  '__proto__',
  'größe',
  '"q"',
  'x.y',
);
const value: fc.Arbitrary<JsonValue> = fc.letrec<{ tree: JsonValue; leaf: JsonValue }>(tie => ({
  leaf: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant([]), fc.constant({})),
  tree: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('tree')), { maxLength: 4 }).map(entries => Object.fromEntries(entries)),
  ),
})).tree;
const object = fc.array(fc.tuple(key, value), { maxLength: 4 }).map(entries => Object.fromEntries(entries));
const file = fc
  .record({
    value: object,
    indent: fc.constantFrom('', ' ', '  ', '    ', '\t'),
    crlf: fc.boolean(),
    bom: fc.boolean(),
    end: fc.constantFrom('', '\n', '\n\n'),
  })
  .map(f => {
    const body = JSON.stringify(f.value, null, f.indent) + f.end;
    return (f.bom ? '\uFEFF' : '') + (f.crlf ? body.replaceAll('\n', '\r\n') : body);
  });
const parse = (text: string): unknown => JSON.parse(text.replace(/^\uFEFF/, ''));

/** What is the same at both ends, so that the rest is the span that was touched. */
const touched = (a: string, b: string): readonly [string, string] => {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  return [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
};

const merged = (old: unknown, now: JsonValue): unknown =>
  typeof old === 'object' && old && !Array.isArray(old) && typeof now === 'object' && now && !Array.isArray(now)
    ? Object.entries(now).reduce<unknown>(
        (tree, [name, inner]) =>
          withKey(tree, [name], merged(Object.entries(tree as object).find(e => e[0] === name)?.[1], inner)),
        old,
      )
    : now;

test('property: the meaning changes by exactly the change, once, and an insertion removes no byte', () => {
  fc.assert(
    fc.property(file, fc.array(key, { minLength: 1, maxLength: 3 }), value, (text, path, put) => {
      const result = setJson(text, path, put);
      if (!result.ok) return assert.match(result.fault.message, /where an object is needed/);
      const old = path.reduce<unknown>(
        (node, name) => Object.entries((node ?? {}) as object).find(e => e[0] === name)?.[1],
        parse(text),
      );
      assert.ok(sameValue(parse(result.text), withKey(parse(text), path, merged(old, put))));
      const again = setJson(result.text, path, put);
      assert.ok(again.ok && !again.changed && again.text === result.text);
      const [gone] = touched(text, result.text);
      if (old === undefined) assert.equal(gone.trim().replace(/^null$/, ''), '', 'an insertion only adds');
    }),
    { numRuns: 400 },
  );
});

test('property: removing takes one member out and nothing else', () => {
  fc.assert(
    fc.property(file, fc.array(key, { minLength: 1, maxLength: 2 }), (text, path) => {
      const result = removeJson(text, path);
      assert.ok(result.ok);
      const without = withKey(parse(text), path, undefined);
      const had = path.reduce<unknown>(
        (node, name) =>
          typeof node === 'object' && node && !Array.isArray(node)
            ? Object.entries(node).find(e => e[0] === name)?.[1]
            : undefined,
        parse(text),
      );
      if (had === undefined) assert.equal(result.text, text);
      else assert.ok(sameValue(parse(result.text), without));
    }),
    { numRuns: 200 },
  );
});

test('property: whatever stands in the file, the editor answers and never changes what it cannot read', () => {
  const broken = fc.oneof(
    fc.string(),
    fc.tuple(file, fc.nat(), fc.constantFrom('{', '}', '"', ',', '\\', '\u0000', 'x', '')).map(([text, at, char]) => {
      const where = at % (text.length + 1);
      return text.slice(0, where) + char + text.slice(where + 1);
    }),
  );
  fc.assert(
    fc.property(broken, text => {
      const fault = jsonFault(text);
      const result = setJson(text, ['features', 'cdi'], true);
      if (text.replace(/^\uFEFF/, '').trim() !== '' && fault !== null) assert.ok(!result.ok);
      if (result.ok) assert.doesNotThrow(() => parse(result.text));
      const fix = oneCharacterFix(text);
      if (fix !== null) {
        assert.notEqual(fault, null);
        assert.equal(jsonFault(fix.text), null);
        assert.ok(Math.abs(fix.text.length - text.length) <= 3);
      }
    }),
    { numRuns: 400 },
  );
  const deep = '['.repeat(50_000);
  assert.ok(!setJson(deep, ['a'], 1).ok);
  assert.ok(!setJson(deep + ']'.repeat(50_000), ['a'], 1).ok);
});
