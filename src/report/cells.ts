/** How many columns a text takes in a terminal. */
import stringWidth from 'string-width';

const isAscii = /^[\x20-\x7e]*$/;

/** Columns of one line without escapes. */
export const cells = (text: string): number => (isAscii.test(text) ? text.length : stringWidth(text));
