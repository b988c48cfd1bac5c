/** A snapshot file that cannot be used gives one line that names it and the place. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { InputError } from '../src/box/errors.ts';
import { openRecording } from '../src/snapshot/open.ts';
import { readSnapshot } from '../src/snapshot/read.ts';

const dir = mkdtempSync(join(tmpdir(), 'gpumedic-test-'));
after(() => rmSync(dir, { recursive: true }));
const file = (name: string, content: string | Buffer): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};
const F = '"format": "gpumedic-snapshot/1"';

const refuses = async (path: string, words: RegExp): Promise<void> => {
  await assert.rejects(readSnapshot(path), (e: unknown) => {
    assert.ok(e instanceof InputError, String(e));
    assert.match(e.message, words);
    assert.ok(e.message.startsWith(path), e.message);
    assert.doesNotMatch(e.message, /[\n\r\u001b]/);
    assert.ok(e.message.length < dir.length + 200);
    return true;
  });
};

test('a file that is missing, a folder, empty, binary or cut off', async () => {
  await refuses(join(dir, 'none.json'), /: no such file$/);
  await refuses(join(file('plain', 'x'), 'below.json'), /: no such file$/);
  mkdirSync(join(dir, 'folder.json'));
  await refuses(join(dir, 'folder.json'), /: is a directory/);
  await refuses(file('empty.json', ''), /: is empty$/);
  await refuses(file('blank.json', ' \n'), /: is empty$/);
  await refuses(
    file('binary.json', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff])),
    /: is not text but binary data$/,
  );
  await refuses(file('nul.json', '{"a":\0}'), /: is not text but binary data$/);
  await refuses(file('cut.json.gz', gzipSync(`{${F}}`).subarray(0, 20)), /: the gzip data is damaged/);
  await refuses(
    file('cut.json', `{\n ${F},\n "commands": [`),
    /cut\.json:3:\d+: not valid JSON: the text ends in the middle$/,
  );
  symlinkSync('loop.json', join(dir, 'loop.json'));
  await refuses(join(dir, 'loop.json'), /: too many symbolic links$/);
  await refuses('/dev/zero', /: is not a file$/);
});

test('a file that may not be read', async () => {
  const path = file('private.json', '{}');
  chmodSync(path, 0);
  chmodSync(dir, 0o755);
  // Root may read everything, so it steps down for a moment.
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65534);
  try {
    await refuses(path, /: permission denied$/);
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test('a file that is too big, also one that only unpacks to too much', async () => {
  const big = file('big.json', '');
  truncateSync(big, 40 * 1024 * 1024);
  await refuses(big, /: too big for a snapshot \(40 MB, at most 32 MB\)$/);
  await refuses(
    file('bomb.json.gz', gzipSync(Buffer.alloc(140 * 1024 * 1024, 32))),
    /: too big for a snapshot \(unpacks/,
  );
});

test('JSON that breaks off names line and column', async () => {
  await refuses(file('comma.json', `{${F},\n  "files": {"/a": "x",}}`), /comma\.json:2:23: not valid JSON: /);
  await refuses(file('word.json', 'hello\n'), /word\.json:1:1: not valid JSON: invalid symbol$/);
  await refuses(file('two.json', `{${F}}\n{}`), /two\.json:2:1: not valid JSON: /);
  await refuses(file('escape.json', `{${F}, "a": "\\q"}`), /escape\.json:1:\d+: not valid JSON: /);
});

test('other JSON is told from a snapshot', async () => {
  await refuses(file('list.json', '[]'), /: the snapshot should be an object, it is a list$/);
  await refuses(file('null.json', 'null'), /should be an object, it is null$/);
  await refuses(file('else.json', '{"name": "x"}'), /: not a snapshot of gpumedic: "format" is missing/);
  await refuses(file('newer.json', '{"format": "gpumedic-snapshot/2"}'), /"format" is "gpumedic-snapshot\/2", not /);
  await refuses(file('rude.json', '{"format": "\\u001b[2J\\n"}'), /"format" is /);
});

test('a wrong shape inside is named', async () => {
  const shapes: [string, RegExp][] = [
    ['"commands": {}', /: commands should be a list, it is an object$/],
    ['"commands": ["ls"]', /: commands\[0\] should be an object, it is a string$/],
    ['"commands": [{"argv": "ls", "code": 0}]', /: commands\[0\]\.argv should be a list of strings/],
    ['"commands": [{"argv": [], "code": 0}]', /: commands\[0\]\.argv is empty$/],
    ['"commands": [{"argv": ["a", 1], "code": 0}]', /: commands\[0\]\.argv\[1\] should be a string, it is a number$/],
    ['"commands": [{"argv": ["a"], "code": "0"}]', /: commands\[0\]\.code should be a whole number, it is a string$/],
    ['"commands": [{"argv": ["a"]}]', /: commands\[0\]\.code should be a whole number, it is missing$/],
    ['"commands": [{"argv": ["a"], "code": 0, "stdout": 1}]', /: commands\[0\]\.stdout should be a string/],
    ['"commands": [{"argv": ["a"], "code": 0, "absent": "yes"}]', /: commands\[0\]\.absent should be true or false/],
    ['"files": []', /: files should be an object/],
    ['"files": {"/a": 1}', /: files\["\/a"\] should be a string or null, it is a number$/],
    ['"files": {"/\\u001b[2J\\n": 1}', /: files\["\/\\u001b\[2J\\u000a"\] should be a string or null/],
    ['"dirs": {"/a": ["x", 2]}', /: dirs\["\/a"\] should be a list of names or null/],
    ['"stats": {"/a": null}', /: stats\["\/a"\] should be an object, it is null$/],
    ['"stats": {"/a": {"type": "door"}}', /: stats\["\/a"\]\.type should be one of link, dir/],
    ['"stats": {"/a": {"type": "file", "mode": 420}}', /: stats\["\/a"\]\.mode should be an octal number/],
    ['"stats": {"/a": {"type": "file", "mode": "0o644", "uid": "0"}}', /: stats\["\/a"\]\.uid should be a number/],
    ['"errors": {"/a": 13}', /: errors\["\/a"\] should be a string/],
  ];
  for (const [member, words] of shapes) await refuses(file('shape.json', `{${F}, ${member}}`), words);
});

test('the least snapshot, one with a byte order mark, a gzipped one and one from a pipe are read', async () => {
  const text = `{${F}, "files": {"/etc/a": "hello"}}`;
  const b = await openRecording(file('least.json', `{${F}}`));
  assert.deepEqual([b.name, b.kind], ['least.json', 'recorded']);
  assert.deepEqual(await b.read('/etc/a'), { kind: 'unrecorded' });
  for (const path of [file('bom.json', `\ufeff${text}`), file('zipped', gzipSync(text))])
    assert.deepEqual(await (await openRecording(path)).read('/etc/a'), { kind: 'file', text: 'hello' }, path);
  const pipe = join(dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const opened = openRecording(pipe);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(pipe, text);
  assert.deepEqual(await (await opened).read('/etc/a'), { kind: 'file', text: 'hello' });
});
