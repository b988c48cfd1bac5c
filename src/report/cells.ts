/** How many columns a text takes in a terminal. */
import stringWidth from 'string-width';

/** Latin letters, punctuation, arrows, lines and our own signs: one column each, and no need to load what measures the rest. */
const isPlain =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u2193\u2500-\u257f\u2714\u2716]*$/;

/** Columns of one line without escapes. */
export const cells = (text: string): number => (isPlain.test(text) ? text.length : stringWidth(text));
