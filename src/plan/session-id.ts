/** Names of sessions: the day in UTC and a number, e.g. 2026-11-22-1. */

const FORM = /^(\d{4}-\d{2}-\d{2})-([1-9]\d{0,8})$/;

export const isSessionId = (text: string): boolean => FORM.test(text);

/** Oldest first; other names are left out. */
export const idsInOrder = (names: readonly string[]): readonly string[] =>
  names
    .flatMap(name => {
      const parts = FORM.exec(name);
      return parts === null ? [] : [{ name, day: parts[1] ?? '', number: Number(parts[2]) }];
    })
    .sort((a, b) => (a.day === b.day ? a.number - b.number : a.day < b.day ? -1 : 1))
    .map(id => id.name);

/** The first free name of the day; `now` in milliseconds since the epoch. */
export const nextId = (taken: readonly string[], now: number): string => {
  const day = new Date(now).toISOString().slice(0, 10);
  const last = idsInOrder(taken.filter(name => name.startsWith(`${day}-`))).at(-1);
  return `${day}-${last === undefined ? 1 : Number(last.slice(day.length + 1)) + 1}`;
};
