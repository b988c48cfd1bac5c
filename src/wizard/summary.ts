/** What stays in the scrollback: what was found and changed, the proof, whether it lasts, and the next command. */
import { hasWayBack, type Plan } from '../plan/plan.ts';
import { becauseWords, seconds } from '../report/words.ts';
import { type Line, plural } from './lines.ts';
import type { State } from './state.ts';

const MOST_RISKS = 3;
const MOST_REFUSED = 3;

/** Whether the change outlives a reboot and an update, from where it was written. */
export const lastsOf = (plan: Plan): string => {
  const edits = plan.steps.filter(s => s.do === 'edit').map(s => s.path);
  if (edits.some(p => /^(\/var)?\/run\//.test(p))) return 'Only until the next reboot: /run is emptied then';
  if (edits.some(p => /\/cdi\/.*\.(ya?ml|json)$/.test(p)))
    return 'Until the driver is updated: then the CDI spec must be generated again';
  if (edits.length > 0) return 'Yes: it is written in a file that reboots and driver updates leave alone';
  if (plan.steps.length === 0 && plan.settle.length > 0)
    return 'Yes, if the service starts with the machine: systemctl is-enabled docker';
  return 'No file was written: run gpumedic check after the next reboot';
};

const headline = (state: State): Line => {
  const { walk, proven, proof } = state;
  const line = (sign: 'ok' | 'broken' | 'unsure' | 'plain', text: string): Line => ({
    kind: 'text',
    text,
    sign,
    tone: sign === 'plain' ? 'strong' : sign,
  });
  if (walk === null) return line('plain', 'Nothing was diagnosed and nothing was changed.');
  const { report } = walk;
  const unproven = proof !== null && 'cannot' in proof ? proof.cannot : 'not proven by a container';
  if (report === null) {
    const open = walk.met.filter(id => !walk.fixed.includes(id));
    return open.length > 0
      ? line('broken', `Stopped with this found: ${open.join(', ')}`)
      : line('unsure', 'Stopped before the end; nothing was found so far.');
  }
  const standing = state.only === undefined ? [] : walk.met.filter(id => !walk.fixed.includes(id));
  if (report.verdict === 'ok' && standing.length > 0)
    return line(
      'broken',
      `This path still does not work: ${standing.map(id => state.modes[id]?.title ?? id).join('; ')}`,
    );
  if (report.verdict === 'ok') {
    const what = walk.applied.length > 0 ? 'Fixed' : 'Healthy';
    if (proven?.ok === true)
      return line(
        'ok',
        `${what} and proven: ${proof !== null && 'argv' in proof ? proof.argv.join(' ') : ''} → ${proven.shows}`,
      );
    if (proven?.ok === false) return line('broken', `The checks pass, but the container fails: ${proven.shows}`);
    return line('ok', `${what}, by the checks (${proven?.shows ?? unproven})`);
  }
  const faults = report.findings.filter(f => f.severity === 'fault');
  if (report.verdict === 'fault') return line('broken', `Still broken: ${faults.map(f => f.title || f.id).join('; ')}`);
  return line(
    'unsure',
    `Cannot tell: ${report.unknown.map(u => `${u.probe} (${becauseWords[u.because]})`).join(', ')}`,
  );
};

/** Where the machine is sound, what the engine could not start is the next place to look. */
export const refusedOf = ({ walk }: State): readonly { readonly name: string; readonly says: string }[] =>
  walk?.report?.verdict === 'ok' ? walk.report.refused.slice(0, MOST_REFUSED) : [];

export const summaryOf = (state: State): readonly Line[] => {
  const { walk } = state;
  const fact = (label: string, text: string): Line => ({ kind: 'fact', label, text });
  if (walk === null) return [headline(state)];
  const plans = walk.applied;
  const files = plans.flatMap(p => p.steps.filter(s => s.do === 'edit')).length;
  const restarts = plans.flatMap(p => p.settle).filter(c => c.argv.includes('restart')).length;
  const counts = [files > 0 ? plural(files, 'file') : '', restarts > 0 ? plural(restarts, 'restart') : ''].filter(
    Boolean,
  );
  const counted = counts.length > 0 ? `${counts.join(', ')}: ` : '';
  const open = walk.report
    ? walk.report.findings.filter(f => f.severity === 'fault').map(f => f.id)
    : walk.met.filter(id => !walk.fixed.includes(id));
  const risks = walk.report?.findings.filter(f => f.severity === 'risk') ?? [];
  const isReal = state.kind === 'live';
  return [
    headline(state),
    fact('Found', walk.met.length === 0 ? 'no fault' : walk.met.join(', ')),
    fact('Changed', plans.length === 0 ? 'nothing' : `${counted}${plans.map(p => p.title).join('; ')}`),
    ...(state.endedAt === null ? [] : [fact('Took', seconds(state.endedAt - state.startedAt))]),
    ...plans.flatMap(p => p.afterwards).map((a, i) => fact(i === 0 ? 'To benefit' : '', a)),
    ...plans.map((p, i) => fact(i === 0 ? 'Will it last?' : '', lastsOf(p))),
    ...refusedOf(state).map((c, i) => fact(i === 0 ? 'Not started' : '', `${c.name}: ${c.says}`)),
    ...risks.slice(0, MOST_RISKS).map((f, i) => fact(i === 0 ? 'Also seen' : '', `${f.title} (${f.id})`)),
    ...(risks.length > MOST_RISKS ? [fact('', `${risks.length - MOST_RISKS} more: gpumedic check`)] : []),
    ...(open.length > 0 && state.kind !== 'recorded'
      ? [fact('Next', `gpumedic fix ${open[0]}${isReal ? '' : ` --demo ${state.box}`}`)]
      : []),
    ...(plans.some(hasWayBack) && isReal && state.session !== null
      ? [fact('Undo', `gpumedic undo ${state.session}`)]
      : []),
    ...(plans.length > 0 && !isReal && !state.over
      ? [fact('Undo', 'here, before you quit: the simulated box ends with the program')]
      : []),
    ...(isReal ? [fact('Ticket', 'gpumedic transcript > fix.md')] : []),
  ];
};
