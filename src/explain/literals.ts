/** Finds many fixed strings in one pass: the shift table of Wu and Manber over blocks of four characters. */

export interface Literals {
  /** Calls `found(index of the literal, offset)` for every place; it returns where to go on, or -1 for the next character. */
  scan(bytes: Uint8Array, found: (literal: number, offset: number) => number): void;
}

const BLOCK = 4;
/** Five bits of each character: letters keep their identity whatever their case. */
const TABLE = 1 << 20;

/** All literals have at least `least` characters (5 or more), all Latin-1 and in lower case. */
export const literals = (all: readonly string[], least: number, anyCase = false): Literals => {
  const shift = new Uint8Array(TABLE).fill(least - BLOCK + 1);
  const buckets = new Map<number, number[]>();
  all.forEach((text, index) => {
    for (let end = BLOCK; end <= least; end++) {
      const hash =
        ((text.charCodeAt(end - 4) & 31) << 15) |
        ((text.charCodeAt(end - 3) & 31) << 10) |
        ((text.charCodeAt(end - 2) & 31) << 5) |
        (text.charCodeAt(end - 1) & 31);
      const distance = least - end;
      if (distance < shift[hash]!) shift[hash] = distance;
      if (distance > 0) continue;
      const bucket = buckets.get(hash);
      if (bucket === undefined) buckets.set(hash, [index]);
      else bucket.push(index);
    }
  });
  const isAt = (bytes: Uint8Array, literal: string, start: number): boolean => {
    if (start + literal.length > bytes.length) return false;
    for (let i = 0; i < literal.length; i++) {
      const c = bytes[start + i]!;
      if ((anyCase && c >= 65 && c <= 90 ? c + 32 : c) !== literal.charCodeAt(i)) return false;
    }
    return true;
  };
  return {
    scan: (bytes, found) => {
      const end = bytes.length;
      let at = least - 1;
      while (at < end) {
        const hash =
          ((bytes[at - 3]! & 31) << 15) |
          ((bytes[at - 2]! & 31) << 10) |
          ((bytes[at - 1]! & 31) << 5) |
          (bytes[at]! & 31);
        const distance = shift[hash]!;
        if (distance > 0) {
          at += distance;
          continue;
        }
        const start = at - least + 1;
        let next = -1;
        for (const index of buckets.get(hash)!)
          if (isAt(bytes, all[index]!, start)) next = Math.max(next, found(index, start));
        at = next < 0 ? at + 1 : Math.max(at + 1, next + least - 1);
      }
    },
  };
};
