/** Text for XML documents; foreign text becomes printable on the way. */
import { printable } from './sanitize.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no way to write most control characters; `printable` has removed them. */
export const xml = (text: string): string =>
  printable(text)
    .replace(/[&<>"']/g, c => entities[c] ?? c)
    .replace(/[\ufffe\uffff]/g, '');

export const xmlAttribute = (text: string): string => xml(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
