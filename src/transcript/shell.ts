/** Events to a POSIX script of exactly the accepted changes: guarded by the state of each file, harmless when run again. Pure. */
import type { Command } from '../box/box.ts';
import { shellWord } from '../plan/commands.ts';
import { isHidden, type ScriptEdit, type ScriptPlan, scriptPlans, statesOf, uuidsOf } from './changes.ts';
import type { Event } from './event.ts';
import type { Put } from './exact.ts';
import { FUNCTIONS, UUIDS } from './shell-functions.ts';

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
const comment = (text: string): string => `# ${oneLine(text)}`;
const state = (sum: string | null): string => sum ?? 'absent';

/** Lines of one kind of ending: shown in a here-document as they are, and turned into their bytes by the filter. */
interface Block {
  readonly filter: 'cat' | 'crlf' | 'bare';
  readonly lines: readonly string[];
}

const blocksOf = (text: string): readonly Block[] => {
  const blocks: { filter: Block['filter']; lines: string[] }[] = [];
  for (const [whole] of text.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    const filter = !whole.endsWith('\n') ? 'bare' : whole.endsWith('\r\n') ? 'crlf' : 'cat';
    const line = whole.replace(filter === 'crlf' ? /\r\n$/ : /\n$/, '');
    const last = blocks.at(-1);
    if (last?.filter === filter) last.lines.push(line);
    else blocks.push({ filter, lines: [line] });
  }
  return blocks;
};

/** A carriage return inside a line cannot stand in a script that people read and mail. */
const isWritable = (puts: readonly Put[] | null): puts is readonly Put[] =>
  puts !== null && !puts.some(put => blocksOf(put.add).some(block => block.lines.some(line => line.includes('\r'))));

const here = ({ filter, lines }: Block, standIns: boolean): string => {
  let end = 'END';
  while (lines.includes(end)) end += '_';
  return `    ${filter} <<'${end}'${standIns ? ' | stand_ins' : ''}\n${lines.join('\n')}\n${end}`;
};

const bodyOf = (puts: readonly Put[], before: string | null, aliases: readonly string[]): string => {
  let from = 0;
  const lines: string[] = [];
  for (const { at, drop, add } of puts) {
    if (at > from) lines.push(`    part ${from} ${at - from}`);
    for (const block of blocksOf(add))
      lines.push(
        here(
          block,
          aliases.some(alias => block.lines.some(line => line.includes(alias))),
        ),
      );
    from = at + drop;
  }
  if (before !== null) lines.push(`    rest ${from}`);
  return lines.length === 0 ? '    :' : lines.join('\n');
};

const editOf = (edit: ScriptEdit, aliases: readonly string[]): string => {
  const path = shellWord(edit.path);
  const mode = (edit.mode ?? 0o644).toString(8).padStart(4, '0');
  const ask = `if changes ${path} ${state(edit.before)} ${[edit.after, ...edit.later].map(state).join(' ')}; then`;
  if (edit.after === null) return `${ask}\n  take_away\nfi`;
  if (!isWritable(edit.puts))
    return `${ask}\n  stop "$path: the change holds characters that this script cannot carry; make it by hand"\nfi`;
  return `${ask}\n  {\n${bodyOf(edit.puts, edit.before, aliases)}\n  } >"$work/new"\n  put ${mode} ${state(edit.after)}\nfi`;
};

/** One word of a command; files that the script edits are meant below ROOT. */
const argument = (word: string, touched: readonly string[]): string => {
  const path = touched.find(t => word === t || word.endsWith(`=${t}`));
  if (path === undefined) return shellWord(word);
  const head = word.slice(0, -path.length);
  return `${head === '' ? '' : shellWord(head)}"$ROOT"${shellWord(path)}`;
};

/** A condition that holds where the command has nothing left to do; null where nothing tells. */
const doneWhen = ([program, ...args]: readonly string[], touched: readonly string[]): string | null => {
  const units = args
    .slice(1)
    .filter(word => !word.startsWith('-'))
    .map(shellWord);
  const each = (test: (unit: string) => string): string => units.map(test).join(' && ');
  switch (`${program} ${args[0] ?? ''}`.trim()) {
    case 'systemctl start':
      return each(unit => `systemctl is-active --quiet ${unit}`);
    case 'systemctl enable':
      return each(unit => `systemctl is-enabled --quiet ${unit}`);
    case 'systemctl disable':
      return each(unit => `! systemctl is-enabled --quiet ${unit}`);
    case 'systemctl reset-failed':
      return each(unit => `! systemctl is-failed --quiet ${unit}`);
    case 'systemctl restart':
      return units.join() === 'docker' ? 'docker_is_younger' : null;
    case 'docker context':
      return `[ "$(docker context show)" = ${shellWord(args[2] ?? '')} ]`;
    case 'modprobe -a':
      return args
        .slice(1)
        .map(module => `[ -d "$ROOT"/sys/module/${shellWord(module.replaceAll('-', '_'))} ]`)
        .join(' && ');
    case 'nvidia-modprobe -u':
    case 'nvidia-ctk system':
      return '[ -e "$ROOT"/dev/nvidia-uvm ] && [ -e "$ROOT"/dev/nvidiactl ]';
    case 'ldconfig':
      return 'ldconfig -p | grep -q libnvidia-ml.so.1';
    case `chmod ${args[0] ?? ''}`:
      return `[ -z "$(find ${argument(args[1] ?? '', touched)} ! -perm ${shellWord(args[0] ?? '')})" ]`;
    default:
      return null;
  }
};

const commandLines = ({ argv, stdin }: Command, touched: readonly string[]): string =>
  argv.some(isHidden)
    ? `stop ${shellWord(`this step held something secret and is not in the transcript: ${oneLine(argv.join(' '))}`)}`
    : `${stdin === undefined ? '' : `printf %s ${shellWord(stdin)} | `}run ${argv.map(word => argument(word, touched)).join(' ')}`;

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');

const planOf = ({ plan, chosen, steps }: ScriptPlan, number: number, aliases: readonly string[]): string => {
  const edits = steps.filter(step => step.do === 'edit');
  const touched = edits.map(edit => edit.path);
  const guarded = (command: Command): string => {
    const done = doneWhen(command.argv, touched);
    const line = commandLines(command, touched);
    return done === null
      ? `# Nothing tells whether this was done already; running it again does no harm.\n${line}`
      : `if ${done}; then\n  already ${shellWord(command.argv.join(' '))}\nelse\n  ${line}\nfi`;
  };
  const body = steps.map(step =>
    [comment(step.why), step.do === 'edit' ? editOf(step, aliases) : guarded(step.command)].join('\n'),
  );
  const validate = plan.validate.map(
    command =>
      `if command -v ${shellWord(command.argv[0])} >/dev/null 2>&1; then\n  ${commandLines(command, touched)}\nfi`,
  );
  const settle = plan.settle.map(command => (edits.length > 0 ? commandLines(command, touched) : guarded(command)));
  const after = [...validate, ...settle].join('\n');
  const interrupts = (plan.interrupts?.containers ?? []).map(c => c.name).join(', ');
  return [
    `${comment(`${number}. ${plan.title} (${plan.fix}, for ${plan.finding})`)}\n${comment(plan.summary)}`,
    ...(chosen === '' ? [] : [comment(`Chosen in that session: ${chosen}`)]),
    ...(interrupts === '' ? [] : [comment(`On the machine of this session it interrupted: ${interrupts}`)]),
    'changed=',
    ...body,
    ...(after === '' ? [] : [edits.length > 0 ? `if [ -n "$changed" ]; then\n${indented(after)}\nfi` : after]),
    ...plan.afterwards.map(text => `say ${shellWord(`still to do: ${oneLine(text)}`)}`),
  ].join('\n');
};

/** The whole script, ending in a newline. The events are expected to come from the log, redacted. */
export const transcriptShell = (events: readonly Event[]): string => {
  const { story, plans } = scriptPlans(events);
  const uuids = uuidsOf(story);
  const aliases = uuids.map(uuid => uuid.alias);
  const session = story.began?.session ?? '';
  const head = [
    '#!/bin/sh',
    comment(
      `The changes that were accepted in ${session === '' ? 'a session' : `session ${session}`} of gpumedic ${story.began?.version ?? ''}, and nothing else.`,
    ),
    comment(
      `Made on: ${[story.machine?.os, story.machine?.driver && `driver ${story.machine.driver}`, story.machine?.toolkit && `toolkit ${story.machine.toolkit}`].filter(Boolean).join(', ') || 'a machine that was not looked at'}`,
    ),
    '#',
    '#   sh SCRIPT           makes them; a second run changes nothing',
    '#   sh SCRIPT --check   only says what it would do',
    '#   ROOT=/dir sh SCRIPT edits the files below /dir; programs are taken from PATH',
    '#',
    '# A file that is neither as it was before nor as it is after stops the script before anything is changed.',
    '# Exit status: 0 done, or nothing to do; 1 stopped.',
  ].join('\n');
  if (plans.length === 0)
    return `${head}\n\necho 'No change stood at the end of this session; there is nothing to do.'\n`;
  const looks = [...statesOf(plans)].map(([path, states]) => `look ${shellWord(path)} ${states.map(state).join(' ')}`);
  const body = plans.map((plan, i) => planOf(plan, i + 1, aliases)).join('\n\n');
  const used = (name: string): boolean =>
    new RegExp(`\\b${name}\\b`).test(body) || (name === 'look' && looks.length > 0);
  const parts = FUNCTIONS.filter(({ names }) => names.length === 0 || names.some(used)).map(({ text }) => text);
  const standIns = used('stand_ins')
    ? [
        UUIDS,
        `stand_ins() {\n  sed${uuids.map(({ alias, index }) => ` -e "s/${alias}/$(uuid ${index + 1})/g"`).join('')}\n}`,
      ]
    : [];
  return `${[head, ...parts, ...standIns, ...looks, body, "say 'done'"].join('\n\n')}\n`;
};
