// Stands in for Intl.Segmenter in the bundle: packages make one when they are loaded, which costs 8 ms, and few texts need it.
const name = 'Segmenter';

export class LateSegmenter {
  #made;
  #options;
  constructor(...options) {
    this.#options = options;
  }
  segment(text) {
    this.#made ??= new Intl[name](...this.#options);
    return this.#made.segment(text);
  }
}
