/** TOML with lines of a Go template in it, as k3s keeps for containerd: edited like any other, the template lines untouched. */
import type { Edit } from '../text/edit.ts';
import { removeToml, setToml } from '../text/toml.ts';

const LINE = /^([ \t]*)(\{\{.*\}\})([ \t]*\r?)$/gm;
const MARK = '# gpumedic-keeps-template-line-';

/** A template line is a comment for as long as the editor works. */
const asComments = (text: string): { readonly masked: string; readonly lines: readonly string[] } => {
  const lines: string[] = [];
  const masked = text.replace(LINE, (_, before: string, line: string, behind: string) => {
    lines.push(line);
    return `${before}${MARK}${lines.length - 1}.${behind}`;
  });
  return { masked, lines };
};

const unmasked = (text: string, lines: readonly string[]): string =>
  text.replace(new RegExp(`${MARK}(\\d+)\\.`, 'g'), (_, n: string) => lines[Number(n)] ?? '');

const through = (text: string, edit: (masked: string) => Edit): Edit => {
  if (text.includes(MARK)) return { ok: false, fault: { line: 1, column: 1, message: 'this text is being edited' } };
  const { masked, lines } = asComments(text);
  const done = edit(masked);
  if (!done.ok) return done;
  const after = unmasked(done.text, lines);
  return { ok: true, text: after, changed: after !== text };
};

/** As setToml; a condition around a table that makes it appear twice is refused, since nobody can tell which holds. */
export const setTomlTemplate = (text: string, table: string, key: string, literal: string): Edit =>
  through(text, masked => setToml(masked, table, key, literal));

export const removeTomlTemplate = (text: string, table: string, key: string): Edit =>
  through(text, masked => removeToml(masked, table, key));
