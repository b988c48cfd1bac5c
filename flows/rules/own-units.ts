/** Hand-written units around the CDI spec: what systemd would skip in them, and what is wrong with their order. */
import { or } from '../../src/engine/known.ts';
import { unitFault, unitValues } from '../../src/text/unit.ts';
import type { Facts } from '../probes/index.ts';

export const OWN_GENERATE = 'nvidia-cdi-generate.service';
export const OWN_SETUP = 'docker-nvidia-setup.service';
export const OWN_PATH = `/etc/systemd/system/${OWN_GENERATE}`;

/** The corrected unit: before the containers, and into the folder that a boot empties. */
export const generateUnit = (ctk: string): string => `[Unit]
Description=Generate the NVIDIA CDI spec
After=systemd-modules-load.service nvidia-persistenced.service
Wants=nvidia-persistenced.service
Before=docker.service

[Service]
Type=oneshot
ExecStart=${ctk} cdi generate --output=/var/run/cdi/nvidia.yaml
RemainAfterExit=yes

[Install]
WantedBy=multi-user.target
`;

const SECTIONS = ['Unit', 'Service', 'Install'];
const TYPES = ['simple', 'exec', 'forking', 'oneshot', 'dbus', 'notify', 'notify-reload', 'idle'];
/** Keys whose misspelling makes such a unit do nothing; others are left to systemd-analyze. */
const RIGHT = [
  'Description',
  'After',
  'Before',
  'Wants',
  'Requires',
  'Type',
  'ExecStart',
  'RemainAfterExit',
  'User',
  'WantedBy',
  'Restart',
  'Environment',
];

const isNear = (a: string, b: string): boolean => {
  if (a === b || Math.abs(a.length - b.length) > 1) return false;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  const rest = (s: string, n: number) => s.slice(i + n);
  return rest(a, 1) === rest(b, 1) || rest(a, 1) === rest(b, 0) || rest(a, 0) === rest(b, 1);
};

/** Lines that systemd ignores, in words like its own. Comment lines with the file's name are no lines of the unit. */
export const flawsOf = (text: string): readonly string[] => {
  const flaws: string[] = [];
  const fault = unitFault(text);
  if (fault !== null) flaws.push(`line ${fault.line}: ${fault.message}`);
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const section = /^\[([^\]]+)\]$/.exec(line)?.[1];
    if (section !== undefined && !SECTIONS.includes(section)) flaws.push(`Unknown section '${section}'. Ignoring.`);
    const key = /^(\w+)\s*=/.exec(line)?.[1];
    if (key !== undefined && RIGHT.some(r => isNear(key, r))) flaws.push(`Unknown key '${key}', ignoring.`);
  }
  const type = unitValues(text, 'Service', 'Type').at(-1);
  if (type !== undefined && !TYPES.includes(type)) flaws.push(`Failed to parse Type=${type}, ignoring`);
  return flaws;
};

/** The same, and what systemd itself says of the unit. */
export const allFlaws = (f: Pick<Facts, 'units' | 'unitVerify'>): readonly string[] => [
  ...new Set([...flawsOf(f.units.ownGenerate ?? ''), ...or(f.unitVerify, '').split('\n').filter(Boolean)]),
];

/** Its order puts it behind the containers of the boot. */
export const isLate = (text: string): boolean =>
  unitValues(text, 'Unit', 'After').some(v => /\bmulti-user\.target\b|\bdocker\.service\b/.test(v));

export const outputOf = (text: string): string | null =>
  unitValues(text, 'Service', 'ExecStart')
    .map(v => /--output[= ](\S+)/.exec(v)?.[1])
    .find(o => o !== undefined) ?? null;
