/** Pages of text that follow from something that was tried. */
import { byHandText } from '../plan/commands.ts';
import type { Plan } from '../plan/plan.ts';
import type { UndoResult } from './outside.ts';
import type { Page } from './state.ts';

/** Everything a person needs to do the plan as root: why, the commands, and what to change in the files they open. */
export const rootPage = (plan: Plan): Page => ({
  title: 'Root is needed, and sudo did not give it. This does the same:',
  lines: [...byHandText(plan).split('\n'), '', 'Or run gpumedic itself as root: it keeps a backup and can undo.'],
});

export const undoPage = (result: UndoResult, session: string): Page =>
  result.did === 'undone'
    ? { title: 'Put back, byte for byte:', lines: result.lines }
    : { title: 'Not undone:', lines: [...result.lines, '', `As root it may do more: sudo gpumedic undo ${session}`] };

export const finishPage = (result: UndoResult): Page => ({
  title: result.did === 'undone' || result.did === 'nothing' ? 'Done:' : 'It could not be finished:',
  lines: result.lines,
});
