/** The words and the fixes for what was found: heavy to load, and not needed where nothing is wrong. */
import { ladder } from '../../flows/fixes/index.ts';
import { isModeId, modeIds } from '../../flows/modes/ids.ts';
import type { Telling } from './report.ts';

export const telling: Telling = { title: id => (isModeId(id) ? modeIds[id][3] : id), ladder };
