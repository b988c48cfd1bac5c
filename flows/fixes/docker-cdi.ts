/** Fixes of what Docker makes of CDI: the switch, the folders, and a spec that takes the engine down. */
import { jsonValue, removeJson, setJson } from '../../src/text/json.ts';
import { canonical } from '../probes/cdi.ts';
import { DAEMON_JSON, daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { atLeast, since } from '../rules/version.ts';
import { deadly, removeDeadly } from './cdi-place.ts';
import { firstSpec, isOurs, previews } from './cdi-spec.ts';
import { allOf, inDaemonJson, parses, server, touches } from './daemon-json.ts';
import { applies, isRefused, known } from './make.ts';
import { comesUp, isDown, policies, restarts, running, starts } from './restart.ts';

/** No other feature is set, so that an empty object need not be left behind. */
const onlyCdi = (text: string | null): boolean => {
  const features = (jsonValue(text ?? '') as Readonly<Record<string, unknown>> | undefined)?.features;
  return typeof features === 'object' && features !== null && Object.keys(features).length === 1;
};

export const enableCdi = applies({
  id: 'enable-cdi-in-docker',
  title: 'Switch CDI on in daemon.json and restart Docker',
  mends: ['cdi-disabled-in-docker'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source:
    '2.8 cdi-disabled-in-docker; seed 1, section 1 (features.cdi is right for Docker 25 to 28.1; its reload is not enough)',
  fits: f =>
    parses(f) &&
    !isDown(f) &&
    atLeast(server(f), since.dockerCdi) &&
    (daemonOf(f.docker)?.cdiSpecDirs.length ?? 0) === 0 &&
    (atLeast(server(f), since.dockerCdiDefault) ? f.daemonJson.cdi === false : f.daemonJson.cdi !== true),
  touches,
  needs: () => ({ ...running(), ...previews() }),
  more: policies,
  plan: (f, a) => {
    const byDefault = atLeast(server(f), since.dockerCdiDefault);
    const emptyDirs = f.daemonJson.specDirs !== undefined && !f.daemonJson.specDirs.some(d => d.startsWith('/'));
    const change = [
      ...(byDefault
        ? f.daemonJson.cdi === false
          ? [(t: string | null) => removeJson(t, onlyCdi(t) ? ['features'] : ['features', 'cdi'])]
          : []
        : [(t: string | null) => setJson(t, ['features', 'cdi'], true)]),
      ...(emptyDirs ? [(t: string | null) => removeJson(t, ['cdi-spec-dirs'])] : []),
    ];
    const draft = inDaemonJson(
      f,
      allOf(...change),
      byDefault ? 'from 28.2 CDI is on unless it is switched off here' : 'Docker 25 to 28.1 has CDI off by default',
      'Merges one key. nvidia-ctk runtime configure --cdi.enabled would drop every other feature that is set here.',
    );
    if (isRefused(draft)) return draft;
    // Switched on without a spec it would answer every request with "unresolvable".
    const hasSpec = f.cdiSpecs.specs.some(s => isOurs(s) && s.fault === null);
    const spec = hasSpec ? null : firstSpec(f, a);
    if (spec === null) return restarts(f, a, draft);
    if (isRefused(spec))
      return restarts(f, a, { ...draft, afterwards: [`A CDI spec is still needed: ${spec.refuse}.`] });
    return restarts(f, a, { ...draft, steps: [...spec.steps, ...draft.steps] });
  },
});

export const removeSpecDirs = applies({
  id: 'remove-cdi-spec-dirs',
  title: 'Take cdi-spec-dirs out of daemon.json and restart Docker',
  mends: ['cdi-spec-dir-mismatch', 'cdi-disabled-in-docker'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.8 cdi-spec-dir-mismatch; takes back seed 0, Fix 2, which enables nothing and hides /var/run/cdi',
  fits: f => parses(f) && f.daemonJson.specDirs !== undefined,
  touches,
  needs: running,
  more: policies,
  plan: (f, a) => {
    const draft = inDaemonJson(
      f,
      text => removeJson(text, ['cdi-spec-dirs']),
      'without the key Docker searches /etc/cdi and /var/run/cdi',
      'Removes one key, which brings the two default folders back. Docker reads it only at start.',
    );
    return isRefused(draft) ? draft : comesUp(f, a, draft);
  },
});

const missingDirs = (f: Facts): readonly string[] =>
  [...new Set(f.cdiSpecs.specs.filter(s => isOurs(s) && s.fault === null).map(s => s.dir))].filter(
    d => !(f.daemonJson.specDirs ?? []).map(canonical).includes(d),
  );

export const addSpecDir = applies({
  id: 'add-cdi-spec-dir',
  title: 'Add the folder of the spec to cdi-spec-dirs, restart Docker',
  mends: ['cdi-spec-dir-mismatch'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.8 cdi-spec-dir-mismatch, second choice: keeps the custom list',
  fits: f => parses(f) && (f.daemonJson.specDirs ?? []).length > 0 && missingDirs(f).length > 0,
  touches,
  needs: running,
  more: policies,
  plan: (f, a) => {
    const draft = inDaemonJson(
      f,
      text =>
        setJson(text, ['cdi-spec-dirs'], [...(f.daemonJson.specDirs ?? []).filter(d => d !== ''), ...missingDirs(f)]),
      'the spec lies there',
      'Keeps the custom list and adds what is missing. Docker reads it only at start.',
    );
    return isRefused(draft) ? draft : comesUp(f, a, draft);
  },
});

/** Keys that look right and do nothing, spelt as Docker wants them. */
export const spellKeys = applies({
  id: 'spell-daemon-json-keys',
  title: 'Spell the keys of daemon.json as Docker reads them',
  mends: ['docker-config-not-active', 'cdi-disabled-in-docker', 'cdi-spec-dir-mismatch'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '1.6, keys that look right and do nothing',
  fits: f => parses(f) && f.daemonJson.withoutEffect.length > 0,
  touches,
  needs: running,
  more: policies,
  plan: (f, a) => {
    const text = known(f.daemonJson.text, DAEMON_JSON);
    if (isRefused(text)) return text;
    const value = jsonValue(text ?? '') as Readonly<Record<string, unknown>> | undefined;
    const features = (value?.features ?? {}) as Readonly<Record<string, unknown>>;
    const changes = f.daemonJson.withoutEffect.flatMap(key => {
      if (key.startsWith('features.')) {
        const wrong = key.slice('features.'.length);
        const isSet = features[wrong] === true && f.daemonJson.cdi === undefined;
        return [
          ...(isSet ? [(t: string | null) => setJson(t, ['features', 'cdi'], true)] : []),
          (t: string | null) => removeJson(t, ['features', wrong]),
        ];
      }
      return [(t: string | null) => removeJson(t, [key])];
    });
    const draft = inDaemonJson(
      f,
      allOf(...changes),
      'Docker accepts the other spelling and ignores it',
      'Keeps what was meant and takes the spelling out that does nothing.',
    );
    return isRefused(draft) ? draft : comesUp(f, a, draft);
  },
});

export const removeCrashingSpec = applies({
  id: 'move-crashing-cdi-spec',
  title: 'Move the spec that crashes Docker away and start it',
  mends: ['cdi-spec-crashes-engine'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.8 cdi-spec-crashes-engine',
  fits: f => deadly(f).length > 0,
  touches: f => deadly(f).map(s => s.path),
  plan: f => {
    const draft = removeDeadly(f);
    if (isRefused(draft)) return draft;
    return isDown(f) ? starts(f, draft) : { ...draft, privilege: 2 };
  },
});

export const dockerCdiFixes = [enableCdi, removeSpecDirs, addSpecDir, spellKeys, removeCrashingSpec];
