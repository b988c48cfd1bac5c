/** Both languages say everything, with the same values in it. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fixes } from '../flows/fixes/index.ts';
import { en } from '../flows/lang/en/index.ts';
import { fixes as koreanFixes } from '../flows/lang/ko/fixes.ts';
import { ko } from '../flows/lang/ko/index.ts';
import { modes as koModes } from '../flows/lang/ko/modes.ts';
import { wizard } from '../flows/lang/ko/wizard.ts';
import { chapters, LIBRARIES, NODES } from '../flows/lessons/chapters.ts';
import { modes } from '../flows/modes/index.ts';
import { languageOf, textsOf } from '../src/learn/lang.ts';
import { sayingIn } from '../src/learn/say.ts';
import { cells } from '../src/report/cells.ts';
import { firstState } from '../src/wizard/state.ts';
import { viewOf } from '../src/wizard/view.ts';

test('no key is missing in a language, and none is left over', () => {
  assert.deepEqual(Object.keys(ko).sort(), Object.keys(en).sort());
});

test('the same values are filled in, in both languages', () => {
  const names = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
  for (const key of Object.keys(en) as (keyof typeof en)[]) assert.deepEqual(names(ko[key]), names(en[key]), key);
});

test('Korean is Korean: every text but names and words of the machine', () => {
  const foreign = Object.entries(ko).filter(
    ([key, text]) => !/[\uac00-\ud7a3]/.test(text) && !/^pic\.|^way\./.test(key),
  );
  assert.deepEqual(foreign.map(([key]) => key).sort(), ['jetson.title', 'show.docker']);
});

test('every failure mode has a title and a one-line why in both', () => {
  assert.deepEqual(Object.keys(koModes).sort(), Object.keys(modes).sort());
  for (const [id, [title, line]] of Object.entries(koModes)) {
    assert.match(title, /[\uac00-\ud7a3]/, id);
    assert.ok(cells(title) <= 76 && !title.endsWith('.'), `${id}: ${title}`);
    assert.ok(cells(line) <= 90 && line.endsWith('.'), `${id}: ${line}`);
  }
});

test('every fix has a title in Korean, and no title is left over', () => {
  const titles = new Set(fixes.map(f => f.title));
  assert.deepEqual(
    [...titles].filter(t => !/[\uac00-\ud7a3]/.test(koreanFixes[t] ?? '')),
    [],
  );
  assert.deepEqual(
    Object.keys(koreanFixes).filter(t => !titles.has(t)),
    [],
  );
});

test('what the lessons name is written', () => {
  const keys = chapters.flatMap(({ id, pages }) => [
    ...['title', 'about', 'ex', 'lesson'].map(part => `${id}.${part}`),
    ...pages
      .flat()
      .flatMap(item =>
        typeof item === 'string'
          ? [item]
          : 'show' in item
            ? []
            : item.links.flatMap(link => [`pic.${item.picture}.${link}.who`, `pic.${item.picture}.${link}.does`]),
      ),
  ]);
  const roles = [...LIBRARIES.map(name => `role.${name}`), ...NODES.map(name => `role.node.${name}`)];
  assert.deepEqual(
    [...keys, ...roles].filter(key => !(key in en)),
    [],
  );
});

test('--lang wins over the locale, and only Korean locales are Korean', () => {
  assert.equal(languageOf({ LANG: 'ko_KR.UTF-8' }), 'ko');
  assert.equal(languageOf({ LANG: 'ko_KR.UTF-8', LC_ALL: 'C' }), 'en');
  assert.equal(languageOf({ LANG: 'ko' }, 'en'), 'en');
  assert.equal(languageOf({ LANG: 'kok_IN' }), 'en');
  assert.equal(languageOf({}), 'en');
});

test('a key that is not written is a fault, not an empty line', async () => {
  const { t } = await textsOf('ko');
  assert.throws(() => t('no.such.key' as never), /no text for "no\.such\.key" in ko/);
});

test('the seed that this is taught from is corrected where the reference corrects it', () => {
  for (const words of [en, ko]) {
    assert.match(words['kubernetes.3'], /25\.10/);
    assert.match(words['mechanisms.6'], /initialization error/);
    assert.match(words['mechanisms.2'], /29\.2/);
  }
  assert.ok(readFileSync(new URL('../flows/lessons/chapters.ts', import.meta.url), 'utf8').includes('seed 4'));
});

test('the wizard in Korean: what is translated is really said, and the first screens are whole', async () => {
  const sources = globSync('src/{wizard,ui,report}/*.{ts,tsx}', { cwd: new URL('..', import.meta.url) })
    .map(file => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'))
    .join('\n');
  assert.deepEqual(
    Object.keys(wizard).filter(text => !sources.includes(text)),
    [],
    'said nowhere any more',
  );
  const say = (await sayingIn('ko'))!;
  const hangul = /[\uac00-\ud7a3]/;
  const state = firstState({ box: { name: 'x', kind: 'live' }, now: () => 0, modes } as never, true);
  for (const at of [{ at: 'menu' }, { at: 'paths' }] as const) {
    const view = viewOf({ ...state, at } as never, '0.1.0');
    for (const { label } of view.choices) assert.match(say(label), hangul, label);
    for (const [key, does] of view.keys) assert.match(say(`${key} ${does}`), hangul, does);
    assert.match(say(view.status), hangul);
  }
  for (const { title, why } of Object.values(modes))
    for (const text of [title, why.line]) assert.match(say(text), hangul, text);
  assert.equal(
    say('needs root · changes 2 files · interrupts nothing · undo: gpumedic undo'),
    'root 필요 · 파일 2개를 바꿈 · 중단 없음 · 되돌리기: gpumedic undo',
  );
  assert.equal(say('4 more, Space, 2 above'), '4줄 더, Space, 위로 2줄');
  assert.equal(say('/etc/cdi/nvidia.yaml'), '/etc/cdi/nvidia.yaml');
  assert.equal(await sayingIn('en'), undefined);
});
