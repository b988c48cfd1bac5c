/** Events to an Ansible play that makes exactly the accepted changes, safe in check mode. Pure. */

import { Scalar, stringify } from 'yaml';
import type { Command } from '../box/box.ts';
import { isHidden, type ScriptEdit, type ScriptPlan, scriptPlans, statesOf, uuidsOf } from './changes.ts';
import type { Event } from './event.ts';

type Task = Record<string, unknown>;

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
/** Names are sentences, and nothing in them is a template. */
const named = (text: string): string => {
  const plain = oneLine(text)
    .replace(/\{\{|\}\}|\{%|%\}/g, ' ')
    .slice(0, 160);
  return plain.charAt(0).toUpperCase() + plain.slice(1);
};
const state = (sum: string | null): string => sum ?? 'absent';
const variable = (i: number): string => `gpumedic_file_${i}`;

/** Text that Ansible must not take for a template; a block that people can read, where it can be one. */
const verbatim = (text: string): Scalar => {
  const scalar = new Scalar(text);
  scalar.tag = '!unsafe';
  scalar.type = /^[^\s][^\r]*\n$/.test(text) ? 'BLOCK_LITERAL' : 'QUOTE_DOUBLE';
  return scalar;
};

const now = (name: string): string =>
  `(${name}.stat.checksum if ${name}.stat.isreg | default(false) else ('other' if ${name}.stat.exists else 'absent'))`;

const stat = (name: string, path: string, what: string): Task => ({
  name: named(what),
  'ansible.builtin.stat': { path, checksum_algorithm: 'sha256', follow: true },
  register: name,
});

/** The new text, from the old one as Latin-1: one character a byte, so that offsets are the log's. */
const content = (edit: ScriptEdit, aliases: readonly string[]): string => {
  const parts: string[] = [];
  let from = 0;
  for (const [n, { at, drop, add }] of (edit.puts ?? []).entries()) {
    if (at > from) parts.push(`gpumedic_old[${from}:${at}]`);
    const filled = aliases.reduce(
      (text, alias, i) =>
        add.includes(alias) ? `${text} | replace('${alias}', gpumedic_uuids[${i}] | default('${alias}'))` : text,
      `gpumedic_add[${n}]`,
    );
    if (add !== '') parts.push(`${filled} | b64encode | b64decode(encoding='latin-1')`);
    from = at + drop;
  }
  if (edit.before !== null) parts.push(`gpumedic_old[${from}:]`);
  return parts.length === 0 ? "''" : parts.map(part => `(${part})`).join(' ~ ');
};

const pathOf = (path: string): string => `{{ gpumedic_root }}${path.replaceAll('{{', '{ {')}`;

const editTasks = (edit: ScriptEdit, i: number, plan: number, aliases: readonly string[]): readonly Task[] => {
  const name = variable(i);
  const path = pathOf(edit.path);
  const folder = pathOf(edit.path.slice(0, edit.path.lastIndexOf('/')) || '/');
  const when = `${now(name)} == '${state(edit.before)}'`;
  const changed = { register: `gpumedic_plan_${plan}_${i}` };
  const look = stat(name, path, `Look at ${edit.path}`);
  if (edit.after === null)
    return [
      look,
      { name: named(`Remove ${edit.path}`), 'ansible.builtin.file': { path, state: 'absent' }, when, ...changed },
    ];
  const old =
    edit.before === null
      ? []
      : [{ name: named(`Read ${edit.path}`), 'ansible.builtin.slurp': { src: path }, register: `${name}_text`, when }];
  const vars = {
    gpumedic_add: (edit.puts ?? []).map(put => verbatim(put.add)),
    ...(edit.before === null ? {} : { gpumedic_old: `{{ ${name}_text.content | b64decode(encoding='latin-1') }}` }),
    gpumedic_new: `{{ ((${content(edit, aliases)}) | b64encode(encoding='latin-1') | b64decode) | string }}`,
  };
  return [
    look,
    ...old,
    {
      name: named(`Make sure that ${edit.path} would be exact`),
      'ansible.builtin.assert': {
        that: edit.puts === null ? ['false'] : [`gpumedic_new | hash('sha256') == '${edit.after}'`],
        fail_msg: 'The exact text cannot be made here: private names in the change were replaced in the transcript.',
        quiet: true,
      },
      vars,
      when,
    },
    ...(edit.before === null
      ? [
          stat(`${name}_folder`, folder, `Look at the folder of ${edit.path}`),
          {
            name: named(`Make the folder of ${edit.path}`),
            'ansible.builtin.file': { path: folder, state: 'directory', mode: '0755' },
            when: [when, `not ${name}_folder.stat.exists`],
          },
        ]
      : []),
    {
      name: named(`${edit.why} (${edit.path})`),
      'ansible.builtin.copy': {
        dest: path,
        content: '{{ gpumedic_new | string }}',
        follow: true,
        mode: edit.before === null ? `0${(edit.mode ?? 0o644).toString(8)}` : 'preserve',
      },
      vars,
      when,
      diff: true,
      ...changed,
    },
  ];
};

const argument = (word: string, touched: readonly string[]): string => {
  const safe = word.replaceAll('{{', '{ {').replaceAll('{%', '{ %');
  const path = touched.find(t => word === t || word.endsWith(`=${t}`));
  return path === undefined ? safe : `${safe.slice(0, -path.length)}{{ gpumedic_root }}${path}`;
};

/** What a program leaves behind, so that it is not run again. */
const MADE: ReadonlyMap<string, string> = new Map([
  ['modprobe', '/sys/module/nvidia_uvm'],
  ['nvidia-modprobe', '/dev/nvidia-uvm'],
]);

/** Commands run only where a file was changed now; `changed_when` says so, and check mode skips them. */
const commandTask = (command: Command, touched: readonly string[], when: string | null, changes: boolean): Task => ({
  name: named(command.argv.join(' ')),
  'ansible.builtin.command': {
    argv: command.argv.map(word => argument(word, touched)),
    ...(command.stdin !== undefined && { stdin: argument(command.stdin, touched) }),
    ...(MADE.get(command.argv[0]) !== undefined && { creates: `{{ gpumedic_root }}${MADE.get(command.argv[0])}` }),
  },
  changed_when: changes,
  ...(when === null ? {} : { when }),
});

/** What Ansible can ask by itself instead of running a command each time. */
const unitTask = ({ argv }: Command, when: string | null): readonly Task[] | null => {
  const [program, verb = '', ...units] = argv;
  const wanted: Readonly<Record<string, Task>> = {
    start: { state: 'started' },
    restart: { state: 'restarted' },
    reload: { state: 'reloaded' },
    enable: { enabled: true },
    disable: { enabled: false },
  };
  if (program !== 'systemctl' || wanted[verb] === undefined) return null;
  const now = units.includes('--now') ? { state: verb === 'disable' ? 'stopped' : 'started' } : {};
  return units
    .filter(unit => !unit.startsWith('-'))
    .map(unit => ({
      name: named(`${verb} ${unit}`),
      'ansible.builtin.systemd_service': { name: unit, ...wanted[verb], ...now },
      ...(when === null ? {} : { when }),
    }));
};

const runTasks = (
  command: Command,
  touched: readonly string[],
  when: string | null,
  changes = true,
): readonly Task[] =>
  command.argv.some(isHidden)
    ? [
        {
          name: named('Stop: a step held something secret that is not in the transcript'),
          'ansible.builtin.fail': { msg: oneLine(command.argv.join(' ')) },
          ...(when === null ? {} : { when }),
        },
      ]
    : ((changes ? unitTask(command, when) : null) ?? [commandTask(command, touched, when, changes)]);

const planTasks = (
  { plan, chosen, steps }: ScriptPlan,
  number: number,
  first: number,
  aliases: readonly string[],
): Task => {
  const edits = steps.filter(step => step.do === 'edit');
  const touched = edits.map(edit => edit.path);
  let i = first;
  const registered: string[] = [];
  const tasks = steps.flatMap(step => {
    if (step.do === 'run') return runTasks(step.command, touched, null);
    registered.push(`gpumedic_plan_${number}_${i} is changed`);
    return editTasks(step, i++, number, aliases);
  });
  const when = registered.length === 0 ? null : registered.join(' or ');
  return {
    name: named(`${plan.title} (${[plan.fix, chosen].filter(Boolean).join('; ')})`),
    block: [
      ...tasks,
      ...plan.validate.flatMap(command => runTasks(command, touched, when, false)),
      ...plan.settle.flatMap(command => runTasks(command, touched, when)),
    ],
  };
};

/** The play as YAML, ending in a newline. The events are expected to come from the log, redacted. */
export const transcriptAnsible = (events: readonly Event[]): string => {
  const { story, plans } = scriptPlans(events);
  const uuids = uuidsOf(story);
  const aliases = uuids.map(({ alias }) => alias);
  const looks = [...statesOf(plans)].flatMap(([path, states], i): readonly Task[] => [
    stat(`gpumedic_state_${i}`, pathOf(path), `See in which state ${path} is`),
    {
      name: named(`Stop where somebody else changed ${path}`),
      'ansible.builtin.assert': {
        that: [`${now(`gpumedic_state_${i}`)} in ${JSON.stringify(states.map(state))}`],
        fail_msg: `${oneLine(path)} is neither as it was before the change nor as it is after it; nothing was changed`,
        quiet: true,
      },
    },
  ]);
  let first = 0;
  const blocks = plans.map((plan, i) => {
    const block = planTasks(plan, i + 1, first, aliases);
    first += plan.steps.filter(step => step.do === 'edit').length;
    return block;
  });
  const needsUuids = plans.some(plan =>
    plan.steps.some(
      step => step.do === 'edit' && (step.puts ?? []).some(put => aliases.some(a => put.add.includes(a))),
    ),
  );
  const session = story.began?.session ?? '';
  const play = {
    name: named(`The changes of gpumedic session ${session === '' ? 'without a name' : session}`),
    hosts: "{{ target | default('localhost') }}",
    gather_facts: false,
    become: true,
    vars: {
      gpumedic_root: "{{ lookup('ansible.builtin.env', 'ROOT') | default('', true) }}",
      ...(needsUuids && {
        gpumedic_uuids:
          "{{ gpumedic_smi.stdout_lines | default([]) | map('regex_search', 'GPU-[0-9a-fA-F-]+') | list }}",
      }),
    },
    tasks: [
      ...looks,
      ...(needsUuids
        ? [
            {
              name: 'Ask for the UUIDs of the GPUs, which the transcript does not name',
              'ansible.builtin.command': { argv: ['nvidia-smi', '--query-gpu=uuid', '--format=csv,noheader'] },
              register: 'gpumedic_smi',
              changed_when: false,
              check_mode: false,
            },
          ]
        : []),
      ...(blocks.length === 0
        ? [{ name: 'Say that no change stood', 'ansible.builtin.debug': { msg: 'Nothing to do.' } }]
        : blocks),
    ],
  };
  const head = [
    `# The changes that were accepted in ${session === '' ? 'a session' : `session ${session}`} of gpumedic, and nothing else.`,
    '# ansible-playbook FILE            on this machine; -e target=GROUP for others; --check --diff only shows',
    '# A file that is neither as it was before nor as it is after stops the play before anything is changed.',
  ].join('\n');
  return `${head}\n---\n${stringify([play], { lineWidth: 0, aliasDuplicateObjects: false })}`;
};
