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
  drawn: { top: '┌─┐', side: '│', between: '├─┤', into: '▼', bottom: '└─┘' },
  ascii: { top: '+-+', side: '|', between: '+-+', into: 'v', bottom: '+-+' },
} as const;

/** Lines of at most `width` cells. */
export const pictureOf = (links: readonly Link[], style: PictureStyle, width: number): readonly string[] => {
  if (style === 'text' || width < 40)
    return links.flatMap(({ who, does }, i) =>
      wrap(`${i + 1}. ${who}: ${does}`, width).map((line, n) => (n === 0 ? line : `   ${line}`)),
    );
  const { top, side, between, into, bottom } = FRAME[style];
  const inner = Math.min(width - 4, Math.max(...links.flatMap(({ who, does }) => [cells(who), cells(does) + 2])));
  const row = (text: string): string => `${side} ${pad(text, inner)} ${side}`;
  const edge = (ends: string): string => ends[0]! + ends[1]!.repeat(inner + 2) + ends[2]!;
  const handOver = edge(between).replace(/^(...)./, `$1${into}`);
  // Neighbours share their border, so that a whole chain fits on a small screen.
  return links.flatMap(({ who, does }, i) => [
    i === 0 ? edge(top) : handOver,
    ...wrap(who, inner).map(row),
    ...wrap(does, inner - 2).map(line => row(`  ${line}`)),
    ...(i === links.length - 1 ? [edge(bottom)] : []),
  ]);
};
