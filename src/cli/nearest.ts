/** Edits between two words: letters put in, taken out, replaced, or two neighbours swapped. */
export const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (isSame ? 0 : 1));
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(isSwap ? Math.min(best, rows[i - 2]![j - 2]! + 1) : best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
};

/** The word that was probably meant, or null where none is near enough to be worth saying. */
export const nearest = (word: string, known: readonly string[]): string | null => {
  const long = word.slice(0, 64).toLowerCase();
  const ranked = known
    .map(candidate => ({
      candidate,
      away: candidate.startsWith(long) && long.length > 1 ? 0.5 : distance(long, candidate),
    }))
    .sort((x, y) => x.away - y.away);
  const best = ranked[0];
  return best !== undefined && best.away <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : null;
};
