/** What an upgrade or a tool took out of a configuration file is put back from the copy that still holds it. */
import type { FileRead, Ran } from '../../src/box/box.ts';
import type { Fix } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import { read } from '../../src/engine/probe.ts';
import { type JsonValue, jsonValue, setJson } from '../../src/text/json.ts';
import { setToml, tomlValue } from '../../src/text/toml.ts';
import { record, text } from '../probes/answers.ts';
import { CONFIG } from '../probes/toolkit.ts';
import { allOf, inDaemonJson, parses, touches } from './daemon-json.ts';
import { applies, edits, isRefused, known, refuse } from './make.ts';
import { policies, restarts, running } from './restart.ts';

export const restoreFeatures = applies({
  id: 'restore-docker-features',
  title: 'Put the lost Docker features back beside cdi',
  mends: ['docker-features-overwritten'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 docker-features-overwritten; section 1.6: --cdi.enabled drops every other feature',
  fits: f => parses(f) && or(f.storeLeft, null) !== null && or(f.storeLeft, null)!.lost.length > 0,
  touches,
  needs: f => ({ ...running(), copy: read(or(f.storeLeft, null)?.from ?? '/nonexistent') }),
  more: (f, a) => policies(f, { running: a.running as Ran }),
  plan: (f, a) => {
    const left = or(f.storeLeft, null);
    const copy = left === null ? null : known(text(a.copy as FileRead, left.from), left.from);
    if (left === null || copy === null) return refuse('the copy with the lost features is not there any more');
    if (isRefused(copy)) return copy;
    const had = record(record(jsonValue(copy)).features);
    const draft = inDaemonJson(
      f,
      allOf(...left.lost.map(k => (t: string | null) => setJson(t, ['features', k], had[k] as JsonValue))),
      `they stood in ${left.from}; images of the other store appear again`,
      `Merges ${left.lost.join(', ')} back from ${left.from}; cdi and everything else stay as they are.`,
    );
    return isRefused(draft) ? draft : restarts(f, a, draft);
  },
});

export const restoreSettings = applies({
  id: 'restore-toolkit-settings',
  title: 'Put the settings back that an upgrade commented out',
  mends: ['config-toml-reverted-by-upgrade'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.6 config-toml-reverted-by-upgrade; section 1.4: before 1.20 saving turned them into comments',
  fits: f => f.config.fault === null && or(f.configLeft, null) !== null && or(f.configLeft, null)!.lost.length > 0,
  touches: () => [CONFIG],
  needs: f => ({ copy: read(or(f.configLeft, null)?.from ?? '/nonexistent') }),
  plan: (f, a) => {
    const left = or(f.configLeft, null);
    const copy = left === null ? null : known(text(a.copy, left.from), left.from);
    const now = known(f.config.text, CONFIG);
    if (left === null || copy === null) return refuse('the copy with the lost settings is not there any more');
    if (isRefused(copy)) return copy;
    if (isRefused(now)) return now;
    const change = allOf(
      ...left.lost.map(name => (t: string | null) => {
        const cut = name.lastIndexOf('.');
        const [table, key] = [name.slice(0, cut), name.slice(cut + 1)];
        return setToml(t, table, key, JSON.stringify(record(record(tomlValue(copy))[table])[key]));
      }),
    );
    const step = edits(CONFIG, now, change(now), `they stood in ${left.from}`);
    return isRefused(step)
      ? step
      : {
          summary: `Sets ${left.lost.join(', ')} again as in ${left.from}, one line each; read at the next container start.`,
          steps: [step],
          afterwards: ['Look whether each is still wanted: a root of an old driver container, for one, is not.'],
        };
  },
});

export const leftoverFixes: readonly Fix[] = [restoreFeatures, restoreSettings];
