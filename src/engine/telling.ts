/** The words and the fixes for what was found. The fixes are heavy to load, and nobody needs them where nothing is wrong. */
import { ladder } from '../../flows/fixes/index.ts';
import { type Telling, titleOf } from './report.ts';

export const telling: Telling = { title: titleOf, ladder };
