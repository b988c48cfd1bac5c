/** What the diff promises: applied to the old text it gives the new one exactly, and it is quick on large files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffCount, diffLines, hunks, unifiedDiff } from '../src/text/diff.ts';
import { threeWay, threeWayText } from '../src/text/threeWay.ts';
import { removeUnit, setUnit, unitFault, unitValues } from '../src/text/unit.ts';

/** Reads a unified diff as patch(1) does, every context and removed line compared. */
const patched = (before: string, diff: string): string => {
  if (diff === '') return before;
  const old = before.split(/(?<=\n)/).filter(line => line !== '');
  const out: string[] = [];
  let at = 0;
  const body = diff.split('\n').slice(2, -1);
  for (let i = 0; i < body.length; ) {
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$/.exec(body[i++] ?? '');
    assert.ok(head, 'a hunk begins with its ranges');
    const [from, oldLines, to, newLines] = [
      Number(head[1]),
      Number(head[2] ?? 1),
      Number(head[3]),
      Number(head[4] ?? 1),
    ];
    while (at < from - (oldLines === 0 ? 0 : 1)) out.push(old[at++] ?? '');
    assert.equal(out.length, to - (newLines === 0 ? 0 : 1), 'the new range says where the hunk lands');
    let [seenOld, seenNew] = [0, 0];
    for (; i < body.length && !body[i]?.startsWith('@@'); i++) {
      const sign = body[i]?.[0];
      const bare = body[i + 1]?.startsWith('\\');
      const line = `${body[i]?.slice(1)}${bare ? '' : '\n'}`;
      if (sign !== '+') assert.equal(old[at++], line, 'an old line stands there');
      if (sign !== '-') out.push(line);
      seenOld += sign === '+' ? 0 : 1;
      seenNew += sign === '-' ? 0 : 1;
      if (bare) i++;
    }
    assert.deepEqual([seenOld, seenNew], [oldLines, newLines]);
  }
  return out.join('') + old.slice(at).join('');
};

const text = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', 'c', '', '-', '+x', '@@ -1 +1 @@', 'long line\r'), { maxLength: 14 }),
    fc.boolean(),
  )
  .map(([lines, end]) => lines.join('\n') + (end && lines.length > 0 ? '\n' : ''));

test('property: the diff turns the old text into the new one, with any context, and back', () => {
  fc.assert(
    fc.property(text, text, fc.nat(4), (before, after, context) => {
      assert.equal(patched(before, unifiedDiff('/f', before, after, context)), after);
      assert.equal(patched(after, unifiedDiff('/f', after, before, context)), before);
      const { added, removed } = diffCount(before, after);
      const lines = diffLines(before, after);
      assert.equal(lines.length - added, before.split(/(?<=\n)/).filter(line => line !== '').length);
      assert.ok(before !== after || added + removed === 0);
    }),
    { numRuns: 600 },
  );
});

test('property: no shorter diff exists on small texts', () => {
  const longest = (a: readonly string[], b: readonly string[]): number => {
    const row = new Array<number>(b.length + 1).fill(0);
    for (const line of a) {
      let diagonal = 0;
      for (const [j, other] of b.entries()) {
        const up = row[j + 1] ?? 0;
        row[j + 1] = line === other ? diagonal + 1 : Math.max(up, row[j] ?? 0);
        diagonal = up;
      }
    }
    return row.at(-1) ?? 0;
  };
  fc.assert(
    fc.property(text, text, (before, after) => {
      const [a, b] = [before, after].map(t => t.split(/(?<=\n)/).filter(line => line !== '')) as [string[], string[]];
      assert.equal(diffLines(before, after).filter(line => line.sign === ' ').length, longest(a, b));
    }),
    { numRuns: 300 },
  );
});

test('the text is what diff -u prints', () => {
  assert.equal(
    unifiedDiff('/etc/docker/daemon.json', '{\n  "a": 1\n}', '{\n  "a": 1,\n  "b": 2\n}\n'),
    '--- /etc/docker/daemon.json\n+++ /etc/docker/daemon.json\n@@ -1,3 +1,4 @@\n {\n-  "a": 1\n-}\n\\ No newline at end of file\n+  "a": 1,\n+  "b": 2\n+}\n',
  );
  assert.equal(unifiedDiff('/f', null, 'a\n'), '--- /dev/null\n+++ /f\n@@ -0,0 +1 @@\n+a\n');
  assert.equal(unifiedDiff('/f', 'a\nb\n', null), '--- /f\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n');
  assert.equal(unifiedDiff('/f', 'a\n', 'a\n'), '');
  assert.equal(unifiedDiff('/f', null, ''), '--- /dev/null\n+++ /f\n');
  const long = Array.from({ length: 20 }, (_, i) => `${i}\n`);
  assert.deepEqual(
    hunks(long.join(''), long.with(2, 'x\n').with(17, 'y\n').join('')).map(h => [
      h.oldStart,
      h.oldLines,
      h.newStart,
      h.newLines,
    ]),
    [
      [1, 6, 1, 6],
      [15, 6, 15, 6],
    ],
  );
});

test('files of ten thousand lines take no quadratic work, alike or not', () => {
  const lines = (seed: number, kinds: number) =>
    Array.from({ length: 10_000 }, (_, i) => `${((i + seed) * 2654435761) % kinds}\n`);
  const shapes: readonly (readonly [string, string])[] = [
    [lines(0, 1e9).join(''), lines(7, 1e9).join('')],
    [lines(0, 1e9).join(''), lines(0, 1e9).toReversed().join('')],
    [lines(0, 10).join(''), lines(3, 7).join('')],
    [
      lines(0, 1e9).join(''),
      lines(12345, 1e9)
        .map(line => `x${line}`)
        .join(''),
    ],
  ];
  for (const [before, after] of shapes) assert.equal(patched(before, unifiedDiff('/f', before, after)), after);
});

test('the three-way view says whose change is which', () => {
  const view = threeWay('/f', 'b\n', 'b\nmine\n', 'a\n');
  assert.deepEqual(view.since[0]?.lines, [
    { sign: ' ', text: 'b' },
    { sign: '+', text: 'mine' },
  ]);
  assert.deepEqual(view.undo[0]?.lines, [
    { sign: '-', text: 'b' },
    { sign: '+', text: 'a' },
  ]);
  assert.match(threeWayText(view), /Changed since then:[\s\S]*\+mine[\s\S]*taken back:[\s\S]*-b\n\+a/);
});

test('unit files: one line changes, repeated keys and lines without meaning are refused', () => {
  const unit =
    '# made by hand\n[Unit]\nDescription=x\n\n[Service]\nType=oneshot\nExecStart=/bin/a \\\n  # no\n  --b\nEnvironment=A=1\nEnvironment=B=2\n';
  const ok = (edit: ReturnType<typeof setUnit>) => (edit.ok ? edit.text : assert.fail(edit.fault.message));
  assert.equal(ok(setUnit(unit, 'Service', 'Type', 'simple')), unit.replace('oneshot', 'simple'));
  assert.equal(ok(setUnit(unit, 'Unit', 'After', 'x.service')), unit.replace('=x\n', '=x\nAfter=x.service\n'));
  assert.equal(ok(setUnit(unit, 'Service', 'ExecStart', '/bin/c')), unit.replace(/\/bin\/a[\s\S]*--b/, '/bin/c'));
  assert.equal(
    ok(setUnit(unit, 'Install', 'WantedBy', 'multi-user.target')),
    `${unit}\n[Install]\nWantedBy=multi-user.target\n`,
  );
  assert.equal(ok(setUnit(null, 'Service', 'Type', 'x')), '[Service]\nType=x\n');
  assert.equal(ok(setUnit('[A]\r\nx = 1', 'A', 'y', '2')), '[A]\r\nx = 1\r\ny=2');
  assert.equal(ok(setUnit('[A]\r\nx = 1\r\n', 'A', 'x', '2')), '[A]\r\nx = 2\r\n');
  assert.equal(ok(removeUnit(unit, 'Service', 'Type')), unit.replace('Type=oneshot\n', ''));
  const twice = setUnit(unit, 'Service', 'Environment', 'C=3');
  assert.ok(!twice.ok && twice.fault.line === 11);
  assert.deepEqual(unitValues(unit, 'Service', 'Environment'), ['A=1', 'B=2']);
  assert.deepEqual(unitFault('x=1\n[A]\n'), { line: 1, column: 1, message: 'this stands before the first [Section]' });
  assert.equal(unitFault('[A]\nwhat\n')?.line, 2);
  assert.ok(!setUnit('[A]\n', 'A', 'x', 'a\nb=1').ok);
});

test('property: a unit file keeps every other byte, and setting twice changes nothing', () => {
  const line = fc.constantFrom('[A]', '[B]', 'x=1', 'x = 2', 'y=a \\\n  b', '# x=3', '; y=2', '', 'z=');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom('x', 'y', 'w'), (lines, key) => {
      const body = ['[A]', ...lines].join('\n');
      const result = setUnit(body, 'A', key, 'new value');
      if (!result.ok) return;
      assert.deepEqual(unitValues(result.text, 'A', key), ['new value']);
      for (const other of ['x', 'y', 'z'].filter(name => name !== key))
        assert.deepEqual(unitValues(result.text, 'A', other), unitValues(body, 'A', other));
      const again = setUnit(result.text, 'A', key, 'new value');
      assert.ok(again.ok && !again.changed);
    }),
  );
});
