/**
 * A log of any size in constant memory. The beginning is read as a whole; of the rest only lines that hold a word of the
 * catalogue, with their neighbours, and lines alike but for numbers only twice.
 */
import { StringDecoder } from 'node:string_decoder';
import { catalogue } from './catalogue.ts';
import { addLines, type Hits, noHits } from './hits.ts';
import { conclude, type Explanation, explainLines, MOST_SLIPS } from './index.ts';
import { wordsOf } from './words.ts';

export interface Explainer {
  /** Any piece of the text, in UTF-8, UTF-16 or Latin-1. */
  push(piece: Uint8Array): void;
  /** What is known so far. */
  soFar(): Explanation;
  /** No more comes. */
  end(): Explanation;
}

/** The beginning that is read whole. */
const HEAD = 256 * 1024;
/** A text without line ends is cut here. */
const LONGEST = 256 * 1024;
const BLOCK = 64 * 1024;
const NEIGHBOURS = 2;
const MOST_ALIKE = 2;
const MOST_SHAPES = 50_000;
const NEWLINE = 10;
/** Between the blocks of one text, so that a message across the border is whole in one of them. */
const OVERLAP = 12;

type Encoding = 'utf8' | 'utf16le' | 'utf16be';

/** By its mark, or by the zeros that ASCII has in UTF-16. */
const encodingOf = (bytes: Uint8Array): Encoding => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf16be';
  let even = 0;
  let odd = 0;
  const size = Math.min(bytes.length, 512);
  for (let i = 0; i + 1 < size; i += 2) {
    if (bytes[i] === 0) even++;
    if (bytes[i + 1] === 0) odd++;
  }
  if (size >= 8 && odd > size / 5 && even < size / 20) return 'utf16le';
  return size >= 8 && even > size / 5 && odd < size / 20 ? 'utf16be' : 'utf8';
};

/** Bytes of any of the encodings as UTF-8, piece by piece. */
const transcoder = (): ((piece: Uint8Array) => Buffer) => {
  let encoding: Encoding | undefined;
  let decoder: StringDecoder | undefined;
  let odd: Buffer = Buffer.alloc(0);
  return piece => {
    encoding ??= encodingOf(piece);
    if (encoding === 'utf8') return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let bytes = Buffer.concat([odd, piece]);
    odd = bytes.length % 2 === 1 ? bytes.subarray(-1) : Buffer.alloc(0);
    bytes = bytes.subarray(0, bytes.length - odd.length);
    if (encoding === 'utf16be') bytes = Buffer.from(bytes).swap16();
    decoder ??= new StringDecoder('utf16le');
    return Buffer.from(decoder.write(bytes), 'utf8');
  };
};

const isText = /[^\ufffd]{3}/;

/** Explains a text that comes in pieces. */
export const explainer = (): Explainer => {
  const hits: Hits = noHits();
  const toUtf8 = transcoder();
  const known = catalogue();
  const alike = new Map<number, number>();
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let read = 0;
  let tail: string[] = [];
  /** All lines, as long as they are few, and how many of them were looked at. */
  let head: string[] | null = [];
  let looked = 0;

  const look = (lines: readonly string[]): void => {
    if (lines.some(one => isText.test(one))) addLines(hits, known, [...tail, ...lines], line - tail.length);
    line += lines.length;
    tail = lines.slice(-OVERLAP).map(one => one.slice(-4000));
  };
  const lookAtHead = (): void => {
    if (head === null || looked === head.length) return;
    look(head.slice(looked));
    looked = head.length;
  };

  const whole = (bytes: Buffer): void => {
    const lines = bytes.toString('utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (head !== null && read + bytes.length <= MOST_SLIPS) {
      head.push(...lines);
      return;
    }
    lookAtHead();
    head = null;
    look(lines);
  };

  /** Of one block only what is worth reading. */
  const sifted = (bytes: Buffer): void => {
    const marks: number[] = [];
    wordsOf(known).search.scan(bytes, (_, at) => {
      const end = bytes.indexOf(NEWLINE, at);
      marks.push(at);
      return end < 0 ? bytes.length : end;
    });
    let from = 0;
    let number = line;
    let until = -1;
    let lines: string[] = [];
    let first = 0;
    const flush = (): void => {
      if (lines.length > 0) addLines(hits, known, lines, first);
      lines = [];
    };
    for (const at of marks) {
      const start = bytes.lastIndexOf(NEWLINE, at) + 1;
      const next = bytes.indexOf(NEWLINE, at);
      const end = next < 0 ? bytes.length : next;
      const shape = shapeOf(bytes, start, end);
      const seen = alike.get(shape) ?? 0;
      if (seen >= MOST_ALIKE) continue;
      if (alike.size >= MOST_SHAPES) alike.clear();
      alike.set(shape, seen + 1);
      let low = start;
      for (let i = 0; i < NEIGHBOURS && low > 0; i++) low = bytes.lastIndexOf(NEWLINE, low - 2) + 1;
      let high = end;
      for (let i = 0; i < NEIGHBOURS && high < bytes.length; i++) {
        const one = bytes.indexOf(NEWLINE, high + 1);
        high = one < 0 ? bytes.length : one;
      }
      if (low > until) {
        flush();
        number += newlines(bytes, from, low);
        from = low;
        first = number;
        lines = bytes.toString('utf8', low, high).split('\n');
      } else if (high > until) lines.push(...bytes.toString('utf8', until + 1, high).split('\n'));
      until = Math.max(until, high);
    }
    flush();
    line = number + newlines(bytes, from, bytes.length);
    tail = [];
  };

  const take = (bytes: Buffer): void => {
    for (let from = 0; from < bytes.length; ) {
      let to = Math.min(bytes.length, from + BLOCK);
      if (to < bytes.length) {
        const end = bytes.lastIndexOf(NEWLINE, to);
        if (end > from) to = end + 1;
      }
      const block = bytes.subarray(from, to);
      if (read < HEAD) whole(block);
      else sifted(block);
      read += block.length;
      from = to;
    }
  };

  return {
    push: piece => {
      const bytes = rest.length === 0 ? toUtf8(piece) : Buffer.concat([rest, toUtf8(piece)]);
      const end = bytes.lastIndexOf(NEWLINE);
      if (end < 0 && bytes.length < LONGEST) {
        rest = Buffer.from(bytes);
        return;
      }
      const cut = end < 0 ? bytes.length : end + 1;
      take(bytes.subarray(0, cut));
      rest = Buffer.from(bytes.subarray(cut));
    },
    soFar: () => {
      lookAtHead();
      return conclude(hits);
    },
    end: () => {
      if (rest.length > 0) take(rest);
      rest = Buffer.alloc(0);
      return head === null ? conclude(hits) : explainLines(head);
    },
  };
};

const newlines = (bytes: Buffer, from: number, to: number): number => {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE, from); at >= 0 && at < to; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
};

/** A number for the line without its digits, so that lines alike but for counters and times are one. */
const shapeOf = (bytes: Buffer, from: number, to: number): number => {
  let hash = 0x811c9dc5;
  const end = Math.min(to, from + 600);
  for (let i = from; i < end; i++) {
    const c = bytes[i]!;
    if (c >= 48 && c <= 57) continue;
    hash = Math.imul(hash ^ c, 0x01000193);
  }
  return hash;
};
