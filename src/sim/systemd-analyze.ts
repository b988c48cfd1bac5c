/** systemd-analyze verify: what systemd reads over in a unit file. */
import { text } from './fs.ts';
import { inPath } from './path.ts';
import { fragment, unitName } from './unit-files.ts';
import { fail, out, type Program } from './world.ts';

const sections = ['Unit', 'Service', 'Install', 'Path', 'Socket', 'Timer', 'Mount'];
const types = ['simple', 'exec', 'forking', 'oneshot', 'dbus', 'notify', 'notify-reload', 'idle'];
const keys =
  /^(Description|Documentation|After|Before|Wants|Requires|BindsTo|PartOf|Conflicts|Condition\w+|Assert\w+|StartLimit\w+|Type|Exec\w+|Environment|EnvironmentFile|User|Group|Restart|RestartSec|RemainAfterExit|Timeout\w+|Limit\w+|Tasks\w+|Delegate|KillMode|OOM\w+|Standard\w+|WorkingDirectory|WantedBy|RequiredBy|Also|Alias|Path\w+|Listen\w+|Socket\w+|On\w+|Unit|Default\w+)$/;

export const systemdAnalyze: Program = ({ world, args }) => {
  if (args[0] !== 'verify') return fail(1, `Unknown command verb '${args[0] ?? ''}'.\n`);
  const words: string[] = [];
  for (const name of args.slice(1)) {
    const path = name.startsWith('/') ? name : fragment(world, unitName(name));
    const content = path === null ? undefined : text(world.fs, path);
    if (content === undefined) return fail(1, `Failed to prepare filename ${name}: No such file or directory\n`);
    let section = '';
    content.split('\n').forEach((line, i) => {
      const at = `${path}:${i + 1}: `;
      const header = /^\[(.+)\]$/.exec(line.trim())?.[1];
      if (header !== undefined) {
        section = header;
        if (!sections.includes(header)) words.push(`${at}Unknown section '${header}'. Ignoring.`);
      }
      const m = /^(\w+)=(.*)$/.exec(line.trim());
      if (!m || !sections.includes(section)) return;
      if (!keys.test(m[1]!)) words.push(`${at}Unknown key '${m[1]}' in section [${section}], ignoring.`);
      if (m[1] === 'Type' && !types.includes(m[2]!)) words.push(`${at}Failed to parse Type=${m[2]}, ignoring`);
      const program = m[1] === 'ExecStart' ? m[2]!.replace(/^[-@:+!]+/, '').split(/\s/)[0]! : '';
      if (program.startsWith('/') && inPath(world, program) === null)
        words.push(`${unitName(name)}: Command ${program} is not executable: No such file or directory`);
    });
  }
  return words.length ? fail(1, words.map(w => `${w}\n`).join('')) : out('');
};
