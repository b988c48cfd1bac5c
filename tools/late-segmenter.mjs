// Stands in for Intl.Segmenter in the bundle: making one costs 8 ms and its first use 20, and few texts need it. A text
// of letters and signs that never join is taken apart without it (a test compares).
const name = 'Segmenter';
const apart =
  /^[\n\x1b\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u2193\u2500-\u257f\u2714\u2716]*$/;

export class LateSegmenter {
  #made;
  #locale;
  #options;
  constructor(locale, options) {
    this.#locale = locale;
    this.#options = options;
  }
  segment(text) {
    if ((this.#options?.granularity ?? 'grapheme') === 'grapheme' && apart.test(text)) {
      return Array.from(text, (segment, index) => ({ segment, index, input: text }));
    }
    this.#made ??= new Intl[name](this.#locale, this.#options);
    return this.#made.segment(text);
  }
}
