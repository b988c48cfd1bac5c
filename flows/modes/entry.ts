import { type Mode, mode } from '../../src/engine/mode.ts';
import { type ModeId, modeIds } from './ids.ts';

/** One failure mode as it is written down here; line breaks inside a text are only for reading this file. */
export interface Entry {
  readonly layer: string;
  /** For someone in a hurry; one row of the screen. */
  readonly line: string;
  /** What it means for the person, in two to four sentences. */
  readonly paragraph: string;
  /** How it works underneath, with the versions in which it changes. */
  readonly mechanism: string;
  /** What the evidence is: tags of the field reference, and where a seed speaks of it. The section is added. */
  readonly evidence: string;
  /** Look-alikes: the id, and what would have to be true for it to be that one instead. */
  readonly not?: Readonly<Partial<Record<ModeId, string>>>;
  readonly guide?: readonly string[];
  readonly seeds?: string;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** A failure mode of the reference; section, priority and title come from the index, so they are written once. */
export const entry = (id: ModeId, e: Entry): Mode => {
  const [section, priority, , title] = modeIds[id];
  return mode({
    id,
    title,
    layer: e.layer,
    priority,
    why: { line: e.line, paragraph: oneLine(e.paragraph), mechanism: oneLine(e.mechanism) },
    source: `section ${section} ${e.evidence}`,
    notToConfuse: Object.entries(e.not ?? {}).map(([other, tell]) => ({ id: other, tell: oneLine(tell) })),
    guide: (e.guide ?? []).map(oneLine),
    ...(e.seeds === undefined ? {} : { seeds: oneLine(e.seeds) }),
  });
};
