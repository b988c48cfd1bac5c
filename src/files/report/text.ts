/** The findings as lines for a terminal. */
import { forms } from '../../../flows/requests/forms.ts';
import { wrap } from '../../report/wrap.ts';
import { unifiedDiff } from '../../text/diff.ts';
import { printable } from '../../text/sanitize.ts';
import { isRead, wayOf } from '../here.ts';
import type { FilesResult } from '../index.ts';
import type { Rewritten } from './rewritten.ts';

export interface Look {
  readonly columns: number;
  readonly ascii: boolean;
  readonly cwd: string;
}

const shown = (path: string, cwd: string): string =>
  printable(path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path);
const SIGN = { fault: ['✖', '!!'], risk: ['▲', '??'], note: ['·', '--'] } as const;

const indented = (text: string, columns: number, by = 4): string =>
  wrap(printable(text), Math.min(columns, 100) - by)
    .map(l => ' '.repeat(by) + l)
    .join('\n');

const block = (text: string): string =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map(l => `    ${printable(l)}`)
    .join('\n');

/** One line for each form: does it work here. */
export const formLines = ({ here }: FilesResult, ascii: boolean): readonly string[] =>
  here.ways.size === 0
    ? []
    : Object.values(forms).map(form => {
        const way = wayOf(form.id, false, here);
        const old = !isRead(form, here.compose);
        const works = old ? false : (way?.works ?? null);
        const sign = works === true ? (ascii ? 'ok' : '✔') : works === false ? (ascii ? '!!' : '✖') : '?';
        const why = old
          ? `Compose ${here.compose} ${form.older}`
          : works === true
            ? ''
            : (way?.why ?? 'Docker is not here');
        return `  ${sign.padEnd(2)} --to ${form.id.padEnd(15)} ${form.written}${why === '' ? '' : ` (${why})`}`;
      });

export const filesText = (result: FilesResult, rewritten: Rewritten | null, look: Look): string => {
  const { found, findings } = result;
  const out: string[] = [];
  const count = found.projects.length + found.dockerfiles.length + found.manifests.length;
  if (count === 0) return 'No Compose file, Dockerfile or manifest was found here.\n';
  out.push('What a service can ask with on this box:', ...formLines(result, look.ascii), '');
  for (const r of result.requests) {
    const works = r.works === null ? 'cannot be told' : r.works ? 'works here' : 'fails here';
    const form = r.form === 'raw' ? 'nodes of its own' : r.form;
    const gpus = r.gpus.length === 0 ? 'what its image says' : r.gpus.join(', ');
    out.push(
      `  ${shown(r.path, look.cwd)}:${r.line}  ${printable(r.service)} asks by ${form} for ${printable(gpus)}: ${works}`,
    );
  }
  if (result.requests.length > 0) out.push('');
  for (const f of findings) {
    out.push(
      `${SIGN[f.severity][look.ascii ? 1 : 0]} ${shown(f.path, look.cwd)}:${f.line}:${f.column}  ${f.title} (${f.id})`,
    );
    out.push(indented(f.message, look.columns));
    const [best] = f.mends;
    if (best && rewritten === null)
      out.push(
        '',
        `    ${printable(best.title)}:`,
        block(unifiedDiff(shown(best.path, look.cwd), best.before, best.after)),
      );
    if (best?.patch !== undefined && rewritten === null)
      out.push('', '    The same for kubectl patch --type strategic -p:', block(best.patch));
    if (f.snippet !== null) out.push('', '    To paste:', block(f.snippet));
    out.push('');
  }
  if (findings.length === 0)
    out.push(`Nothing is wrong in ${count === 1 ? 'one file' : `${count} files and projects`}.`, '');
  if (rewritten) {
    for (const e of rewritten.edits) out.push(printable2(unifiedDiff(shown(e.path, look.cwd), e.before, e.after)));
    for (const { service, layers, outcome } of rewritten.services) {
      const where = `${service} (${shown(layers[0] ?? '', look.cwd)})`;
      if (outcome.is === 'same') out.push(`${where} asks in this form already.`);
      if (outcome.is === 'refused')
        out.push(`${where} is left as it is: ${outcome.because}. To paste:`, block(outcome.snippet));
      if (outcome.is === 'ask')
        out.push(
          `${where} shares its request through ${outcome.anchor} with ${outcome.with.join(', ')}: say --shared all to change it for all of them, or --shared own to give ${service} its own. To paste:`,
          block(outcome.snippet),
        );
    }
    if (rewritten.edits.length === 0) out.push('No file has to change.');
  }
  return `${out.join('\n').replace(/\n+$/, '')}\n`;
};

const printable2 = (diff: string): string => diff.split('\n').map(printable).join('\n');
