// Stands in for string-width in the bundle; the same answers (a test compares them), but it loads the library late.
const sgr = /\u001b\[[0-9;]*m/g;
const oneColumn =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u2193\u2500-\u257f\u2714\u2716]*$/;
let library;

module.exports = (text, options) => {
  if (options === undefined && typeof text === 'string') {
    const bare = text.includes('\u001b') ? text.replace(sgr, '') : text;
    if (oneColumn.test(bare)) return bare.length;
  }
  library ??= require('string-width').default;
  return library(text, options);
};
