/** The words and the fixes for what was found: heavy to load, and not needed where nothing is wrong. */
import { ladder } from '../../flows/fixes/index.ts';
import { modes } from '../../flows/modes/index.ts';
import type { Telling } from './report.ts';

export const telling: Telling = { title: id => modes[id]?.title ?? id, ladder };
