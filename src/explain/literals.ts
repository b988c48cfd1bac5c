/** Finds many fixed strings in one pass: the shift table of Wu and Manber over blocks of three characters. */

export interface Literals {
  /** Calls `found(index of the literal, offset)` for every place; it returns where to go on, or -1 for the next character. */
  scan(bytes: Uint8Array, found: (literal: number, offset: number) => number): void;
}

const BLOCK = 3;
const TABLE = 1 << 15;
const MASK = TABLE - 1;

/** ASCII lower case of each byte. */
const lower = new Uint8Array(256);
for (let c = 0; c < 256; c++) lower[c] = c >= 65 && c <= 90 ? c + 32 : c;
const same = Uint8Array.from({ length: 256 }, (_, c) => c);

/** All literals have at least `least` characters (4 or more), all Latin-1, in lower case where `anyCase`. */
export const literals = (all: readonly string[], least: number, anyCase = false): Literals => {
  const furthest = least - BLOCK + 1;
  const shift = new Uint8Array(TABLE).fill(furthest);
  const buckets: (number[] | undefined)[] = new Array(TABLE);
  all.forEach((text, index) => {
    for (let end = BLOCK; end <= least; end++) {
      const hash =
        ((text.charCodeAt(end - 3) << 10) ^ (text.charCodeAt(end - 2) << 5) ^ text.charCodeAt(end - 1)) & MASK;
      const distance = least - end;
      if (distance < shift[hash]!) shift[hash] = distance;
      if (distance > 0) continue;
      const bucket = buckets[hash];
      if (bucket === undefined) buckets[hash] = [index];
      else bucket.push(index);
    }
  });
  const fold = anyCase ? lower : same;
  return {
    scan: (text, found) => {
      const end = text.length;
      let at = least - 1;
      while (at < end) {
        const hash = ((fold[text[at - 2]!]! << 10) ^ (fold[text[at - 1]!]! << 5) ^ fold[text[at]!]!) & MASK;
        const distance = shift[hash]!;
        if (distance > 0) {
          at += distance;
          continue;
        }
        const start = at - least + 1;
        let next = -1;
        for (const index of buckets[hash]!) {
          const literal = all[index]!;
          if (start + literal.length > end) continue;
          let i = 0;
          while (i < literal.length && fold[text[start + i]!] === literal.charCodeAt(i)) i++;
          if (i === literal.length) next = Math.max(next, found(index, start));
        }
        at = next < 0 ? at + 1 : Math.max(at + 1, next + least - 1);
      }
    },
  };
};
