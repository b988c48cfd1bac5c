/** A chain of those who hand the work on, drawn as boxes or told as steps. Pure. */
import { cells } from '../report/cells.ts';
import { pad, wrap } from '../report/wrap.ts';

export interface Link {
  readonly who: string;
  readonly does: string;
}

/** `text` is what a screen reader and plain lines get. */
export type PictureStyle = 'drawn' | 'ascii' | 'text';

const FRAME = {
  drawn: { top: '┌─┐', side: '│', bottom: '└─┘', out: '┬', into: '▼' },
  ascii: { top: '+-+', side: '|', bottom: '+-+', out: '+', into: 'v' },
} as const;

/** Lines of at most `width` cells. */
export const pictureOf = (links: readonly Link[], style: PictureStyle, width: number): readonly string[] => {
  if (style === 'text' || width < 40)
    return links.flatMap(({ who, does }, i) =>
      wrap(`${i + 1}. ${who}: ${does}`, width).map((line, n) => (n === 0 ? line : `   ${line}`)),
    );
  const { top, side, bottom, out, into } = FRAME[style];
  const inner = Math.min(width - 4, Math.max(...links.flatMap(({ who, does }) => [cells(who), cells(does)])));
  const row = (text: string): string => `${side} ${pad(text, inner)} ${side}`;
  const edge = (ends: string): string => ends[0]! + ends[1]!.repeat(inner + 2) + ends[2]!;
  return links.flatMap(({ who, does }, i) => {
    const isLast = i === links.length - 1;
    const foot = edge(bottom);
    return [
      edge(top),
      ...wrap(who, inner).map(row),
      ...wrap(does, inner - 2).map(line => row(`  ${line}`)),
      isLast ? foot : `${foot.slice(0, 3)}${out}${foot.slice(4)}`,
      ...(isLast ? [] : [`   ${into}`]),
    ];
  });
};
