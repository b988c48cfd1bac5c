/** A Compose file that names a device which does not exist here: the one word is replaced, in its service only. */
import type { Command } from '../../src/box/box.ts';
import type { Choice, Chosen, Fix } from '../../src/engine/fix.ts';
import { read } from '../../src/engine/probe.ts';
import type { Refusal, Step } from '../../src/plan/plan.ts';
import type { MigInstance } from '../probes/driver.ts';
import type { Facts } from '../probes/index.ts';
import type { Wanted } from '../probes/mig.ts';
import { wrongName } from '../rules/mig.ts';
import { applies, isRefused, refuse } from './make.ts';

interface Wrong {
  readonly by: Wanted;
  readonly name: string;
  readonly from: string;
}
const wrongs = (f: Facts): readonly Wrong[] =>
  f.wanted
    .filter(w => w.service !== '' && w.files.length > 0)
    .flatMap(by =>
      by.devices
        .filter(d => (f.where.wsl ? /^nvidia\.com\/gpu=(?!all$)/.test(d.name) : wrongName(d, f.smi)))
        .map(d => ({ by, ...d })),
    );

const CDI = 'nvidia.com/gpu=';
const prefixOf = (wrong: Wrong): string => (wrong.name.startsWith(CDI) ? CDI : '');

/** The instances that may be meant: the one of that name, the only one, or all of them. */
const meant = (wrong: Wrong, { smi: { instances } }: Facts): readonly MigInstance[] => {
  const same = instances.filter(i => i.name === wrong.name.slice(prefixOf(wrong).length));
  return same.length === 1 ? same : instances;
};

/** Which of several instances is meant only a person knows; no other one is safe to take. */
const choices = (f: Facts): readonly Choice[] => {
  const [wrong] = wrongs(f);
  if (wrong === undefined || f.where.wsl) return [];
  const instances = meant(wrong, f);
  return instances.length < 2
    ? []
    : [
        {
          id: 'device',
          question: `${wrong.by.container} asks for ${wrong.name}, which is not there. Which instance shall it have?`,
          many: false,
          initial: [],
          options: instances.map(({ name, profile, uuid }) => ({
            value: name,
            label: name,
            hint: `${profile}, ${uuid}`,
          })),
        },
      ];
};

/** The name to put in its place. */
const rightName = (wrong: Wrong, f: Facts, chosen: Chosen): string | Refusal => {
  if (f.where.wsl) return `${CDI}all`;
  const instances = meant(wrong, f);
  const to = instances.length === 1 ? instances[0] : instances.find(i => i.name === chosen.device?.[0]);
  if (to) return prefixOf(wrong) + (prefixOf(wrong) === '' ? to.uuid : to.name);
  return refuse(`${wrong.by.container} asks for ${wrong.name}, and the card has no instance`);
};

const escaped = (s: string): string => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The text with the name replaced inside one service; null where the service does not hold it literally. */
export const renamed = (text: string, service: string, name: string, to: string): string | null => {
  const lines = text.split('\n');
  const first = lines.findIndex(l => new RegExp(`^\\s+["']?${escaped(service)}["']?:\\s*(#.*)?$`).test(l));
  if (first < 0) return null;
  const depth = lines[first]!.search(/\S/);
  const after = lines.findIndex((l, i) => i > first && /\S/.test(l) && !/^\s*#/.test(l) && l.search(/\S/) <= depth);
  const end = after < 0 ? lines.length : after;
  const word = new RegExp(`(^|[\\s"'=,[])${escaped(name)}(?=$|[\\s"',\\]])`, 'g');
  const body = lines.slice(first, end).map(l => (/^\s*#/.test(l) ? l : l.replace(word, (_, before) => before + to)));
  const next = [...lines.slice(0, first), ...body, ...lines.slice(end)].join('\n');
  return next === text ? null : next;
};

const asUser = (argv: readonly [string, ...string[]]): Command => ({ argv, changes: true, timeoutMs: 300_000 });
const compose = (w: Wanted) =>
  ['docker', 'compose', '--project-name', w.project, ...w.files.flatMap(p => ['-f', p])] as const;

const draft = applies({
  id: 'correct-device-name',
  title: 'Put a device name that exists into the Compose file',
  mends: ['mig-device-string-wrong', 'wsl-cdi-device-names'],
  privilege: 1,
  effect: ['RX'],
  source: '2.3 mig-device-string-wrong; 2.4 wsl-cdi-device-names',
  fits: f => wrongs(f).length > 0,
  touches: f => [...new Set(wrongs(f).flatMap(w => w.by.files))],
  needs: f => Object.fromEntries(wrongs(f).flatMap(w => w.by.files.map(p => [p, read(p)] as const))),
  choices,
  plan: (f, a, _, chosen) => {
    const [wrong] = wrongs(f);
    if (wrong === undefined) return refuse('no Compose service asks for a device that does not exist');
    const to = rightName(wrong, f, chosen);
    if (isRefused(to)) return to;
    for (const path of wrong.by.files) {
      const found = a[path];
      if (found?.kind !== 'file') continue;
      const after = renamed(found.text, wrong.by.service, wrong.name, to);
      if (after === null) continue;
      const { service } = wrong.by;
      const up: Step = {
        do: 'run',
        command: asUser([...compose(wrong.by), 'up', '-d', '--no-deps', '--force-recreate', service]),
        // With the old name it cannot start; it is made and left standing, as it was.
        undo: asUser([...compose(wrong.by), 'create', '--force-recreate', service]),
        halfway: true,
        why: `makes ${service} anew; a request is fixed when a container is made`,
      };
      return {
        summary: `Replaces ${wrong.name} by ${to} in the service ${wrong.by.service} and makes it anew; other services are left alone.`,
        steps: [
          { do: 'edit', path, before: found.text, after, root: false, why: `${wrong.name} does not exist here` },
          up,
        ],
        interrupts: {
          containers: [{ name: wrong.by.container, image: '', restart: 'made anew at once' }],
          liveRestore: false,
          services: [],
        },
      };
    }
    return refuse(
      `${wrong.name} does not stand literally in ${wrong.by.files.join(', ')}; it may come from a variable or an .env file`,
      `put ${to} there and make ${wrong.by.service} anew`,
    );
  },
});

/** A file of the user: prepared here, taken over by its owner. */
export const deviceNames: readonly Fix[] = [{ ...draft, by: 'patch' }];
