/** "I have an error message": a text is taken in, explained, and its causes looked for on this box. */
import type { Explanation } from '../explain/index.ts';
import type { Warning } from '../guard/guard.ts';
import { printable } from '../text/sanitize.ts';
import { redactor } from '../transcript/redact.ts';
import type { Hall, Side } from './hall.ts';
import type { Finding, Report } from './outside.ts';
import type { Intent } from './state.ts';

/** A text that was explained. What stands in it is redacted and printable. */
export interface Told {
  readonly explanation: Explanation;
  readonly dangers: readonly Warning[];
  readonly lines: number;
  /** Causes that only a look at one container tells. */
  readonly inContainer: readonly string[];
  readonly looked: Looked | null;
}

/** What this box said about one of the causes. */
export interface Looked {
  readonly cause: string;
  /** Null where it could not be told. */
  readonly found: boolean | null;
  /** No check here sees it. */
  readonly unseen: boolean;
  /** Faults that were found on this box, whatever the text says. */
  readonly faults: readonly string[];
  readonly says: string;
}

/** What was pasted so far, as the screen shows it; the text itself is kept nowhere else than in memory. */
export interface Pasted {
  readonly lines: number;
  /** The last lines. */
  readonly shown: readonly string[];
  /** The line that is being typed by hand. */
  readonly typed: string;
  /** It was longer than what is taken. */
  readonly isCut: boolean;
}

/** Characters taken; what names a cause stands within a few pages. */
export const MOST_PASTED = 256 * 1024;
/** Characters in which the guard looks for lines that destroy something. */
const RECIPE = 64 * 1024;
const SHOWN = 5;
/** What the machine leaves of an answer that it was asked about and does not show. */
const CONTRADICTED = 0.35;

const nothing: Pasted = { lines: 0, shown: [], typed: '', isCut: false };

const safe = (text: string): string => printable(redactor().text(printable(text)));

/** Explains a text. Throws for no text. */
export const tell = async (text: string): Promise<Told> => {
  const [{ explainText }, { guard }, { treeEntry }, { aside }] = await Promise.all([
    import('../explain/index.ts'),
    import('../guard/guard.ts'),
    import('../explain/entry.ts'),
    import('../../flows/index.ts'),
  ]);
  const explanation = explainText(text);
  return {
    explanation,
    dangers: guard(text.slice(0, RECIPE)).map(w => ({ ...w, text: safe(w.text).replaceAll('\n', ' ') })),
    lines: text.replace(/\n+$/, '').split('\n').length,
    inContainer: explanation.causes.map(c => c.id).filter(id => treeEntry(aside, id)?.flow === 'container'),
    looked: null,
  };
};

/** The fault that stands for a cause: itself, or the one that explains it. */
const faultOf = (cause: string, report: Report): Finding | undefined => {
  const faults = report.findings.filter(f => f.severity === 'fault');
  return faults.find(f => f.id === cause) ?? faults.find(f => f.explains.includes(cause));
};

/** The answer sharpened by what this box shows. */
const lookedFor = async (told: Told, cause: string, report: Report, isCause: (id: string) => boolean) => {
  const { sharpen } = await import('../explain/here.ts');
  const explanation = sharpen(told.explanation, report as unknown as Parameters<typeof sharpen>[1], isCause);
  const found = faultOf(cause, report);
  const harmless = report.findings.find(f => f.id === cause);
  const isUnseen = !isCause(cause);
  const looked: Looked = {
    cause,
    found: found ? true : isUnseen || (report.verdict === 'unknown' && !harmless) ? null : false,
    unseen: isUnseen,
    faults: report.findings.filter(f => f.severity === 'fault').map(f => f.id),
    says: found
      ? found.id === cause
        ? `${cause} is found on this machine.`
        : `${found.id} is found on this machine, and ${cause} follows from it.`
      : isUnseen
        ? `No check of the host sees ${cause}; only the text tells it.`
        : harmless
          ? `${cause} is there, but stops nothing on this machine.`
          : report.verdict === 'unknown'
            ? `${cause} was not found on this machine, but not everything could be told.`
            : `${cause} is not found on this machine.`,
  };
  const causes = explanation.causes
    .map(c => (looked.found === false && c.id === cause ? { ...c, confidence: c.confidence * CONTRADICTED } : c))
    .sort((a, b) => b.confidence - a.confidence);
  return { told: { ...told, explanation: { ...explanation, causes }, looked }, found };
};

export interface Texts extends Side {
  readonly take: (intent: Extract<Intent, { do: 'type' | 'erase' }>) => void;
}

export const createTexts = (hall: Hall): Texts => {
  let whole = '';
  let typed = '';
  let isCut = false;

  const show = () => {
    const lines = whole === '' ? [] : safe(whole).replace(/\n$/, '').split('\n');
    hall.go({ at: 'paste', pasted: { lines: lines.length, shown: lines.slice(-SHOWN), typed: safe(typed), isCut } });
  };
  const take: Texts['take'] = intent => {
    const { at } = hall.state();
    if (at.at !== 'paste') return;
    if (intent.do === 'erase') typed = [...typed].slice(0, -1).join('');
    else {
      const said = typed + intent.text.replace(/\r\n?/g, '\n');
      const end = intent.whole ? said.length : said.lastIndexOf('\n') + 1;
      typed = said.slice(end);
      if (end > 0) {
        const more = `${whole}${said.slice(0, end)}`;
        isCut ||= more.length > MOST_PASTED;
        whole = more.slice(0, MOST_PASTED);
        if (!whole.endsWith('\n')) whole += '\n';
      } else return hall.go({ at: 'paste', pasted: { ...at.pasted, typed: safe(typed) } });
    }
    show();
  };

  const explain = () => {
    const text = whole + typed;
    if (text.trim() === '') return hall.go({ at: 'paste', pasted: nothing });
    hall.busy('Reading the text …');
    hall.then(tell(text), told => {
      const named = told.explanation.causes[0]?.id ?? (told.explanation.notMine ? 'not ours' : 'no cause named');
      hall.outside().append({ type: 'answered', question: 'an error text of the person', answer: named });
      hall.go({ at: 'told', told });
    });
  };

  /** Walks to one fault: the others are passed by, and the first menu's walk meets them all. */
  const walkTo = (id: string, faults: readonly string[]) =>
    hall.start(
      undefined,
      faults.filter(f => f !== id),
    );

  const look = (told: Told, cause: string) => {
    hall.busy(`Looking on this machine for ${cause}`);
    const outside = hall.outside();
    const looking = async () => {
      const { treeEntry } = await import('../explain/entry.ts');
      const report = outside.reportOf(await outside.facts.all());
      return lookedFor(told, cause, report, id => treeEntry(outside.flows, id) !== null);
    };
    hall.then(looking(), ({ told: next, found }) => {
      const { looked } = next;
      hall.row({
        sign: looked.found === true ? 'broken' : looked.found === false ? 'ok' : 'unsure',
        label: 'Looked here',
        text: looked.says,
      });
      if (found) walkTo(found.id, looked.faults);
      else hall.go({ at: 'told', told: next });
    });
  };

  return {
    take,
    choose: id => {
      const { at } = hall.state();
      if (id === 'text' && (at.at === 'menu' || at.at === 'told')) {
        whole = '';
        typed = '';
        isCut = false;
        hall.go({ at: 'paste', pasted: nothing });
        return true;
      }
      if (at.at === 'paste' && id === 'explain') {
        explain();
        return true;
      }
      if (at.at !== 'told') return false;
      if (id.startsWith('look ')) look(at.told, id.slice('look '.length));
      else if (id.startsWith('found ')) walkTo(id.slice('found '.length), at.told.looked?.faults ?? []);
      else return false;
      return true;
    },
    back: () => false,
  };
};
