// Stands in for yaml in the bundle. The library is loaded when it is needed; the plain block style in which CDI specs
// are generated is read without it (14 ms of a check on a cold start). What is not plain goes to the library; a test
// compares the two.

const KEY = /^([A-Za-z_][\w./-]*):(?: (.+))?$/;
const WORD = /^[A-Za-z/_][ -~]*$|^--?[A-Za-z][ -~]*$|^\.{1,2}\/[ -~]*$/;
const SPECIAL = /^(?:~|null|true|false|__proto__)$/i;
const NOT_PLAIN = Symbol('not plain');

const scalar = text => {
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(text)) return Number(text);
  if (/^"[ !#-[\]-~]*"$/.test(text) || /^'[ -&(-~]*'$/.test(text)) return text.slice(1, -1);
  if (/^\d+\.\d+\.\d+$/.test(text)) return text;
  if (text === '[]') return [];
  if (text === '{}') return {};
  if (!WORD.test(text) || SPECIAL.test(text) || / #|: |[: ]$/.test(text)) throw NOT_PLAIN;
  return text;
};

const plain = text => {
  if (!/^[\n -~]*$/.test(text) || text.includes('\n...')) throw NOT_PLAIN;
  const lines = text
    .replace(/^---\n/, '')
    .split('\n')
    .filter(line => line.trim() !== '' && !/^ *#/.test(line))
    .map(line => {
      const indent = line.search(/[^ ]/);
      return { indent, text: line.slice(indent) };
    });
  let at = 0;
  const block = indent => (/^- /.test(lines[at].text) ? list(indent) : map(indent));
  const below = (indent, sameForLists) => {
    const next = lines[at];
    if (next === undefined) throw NOT_PLAIN;
    if (next.indent > indent || (sameForLists && next.indent === indent && /^- /.test(next.text)))
      return block(next.indent);
    throw NOT_PLAIN;
  };
  const map = indent => {
    const made = {};
    while (at < lines.length && lines[at].indent === indent && !/^- /.test(lines[at].text)) {
      const [, key, value] = KEY.exec(lines[at].text) ?? [];
      if (key === undefined || SPECIAL.test(key) || Object.hasOwn(made, key)) throw NOT_PLAIN;
      at++;
      made[key] = value === undefined ? below(indent, true) : scalar(value);
    }
    return end(made, indent);
  };
  const list = indent => {
    const made = [];
    while (at < lines.length && lines[at].indent === indent && /^- /.test(lines[at].text)) {
      const item = lines[at].text.slice(2);
      if (KEY.test(item)) {
        lines[at] = { indent: indent + 2, text: item };
        made.push(map(indent + 2));
      } else {
        at++;
        made.push(scalar(item));
      }
    }
    return end(made, indent);
  };
  const end = (made, indent) => {
    // A deeper line here goes on with the scalar before it, or is a mistake: both are the library's.
    if (at < lines.length && lines[at].indent > indent) throw NOT_PLAIN;
    return made;
  };
  if (lines.length === 0 || lines[0].indent !== 0) throw NOT_PLAIN;
  const made = block(0);
  if (at < lines.length) throw NOT_PLAIN;
  return made;
};

// In the build of many files the library is one of its own, so that a start does not even read it.
const library = () => (typeof APART === 'undefined' || !APART ? require('yaml') : loadLate('yaml'));

exports.parse = (text, ...options) => {
  if (
    typeof text === 'string' &&
    typeof options[0] !== 'function' &&
    options.every(o => Object.keys(o ?? {}).every(k => k === 'logLevel'))
  ) {
    try {
      return plain(text);
    } catch (error) {
      if (error !== NOT_PLAIN) throw error;
    }
  }
  return library().parse(text, ...options);
};
// `Object.defineProperty`, so that an import reads the library only when it is used.
for (const name of [
  'parseDocument',
  'parseAllDocuments',
  'stringify',
  'visit',
  'isMap',
  'isSeq',
  'isScalar',
  'isPair',
  'isAlias',
  'isNode',
  'isCollection',
  'LineCounter',
  'Document',
  'Scalar',
  'YAMLMap',
  'YAMLSeq',
  'Pair',
  'Alias',
  'YAMLParseError',
  'YAMLError',
  'YAMLWarning',
  'CST',
  'Parser',
  'Lexer',
  'Composer',
]) {
  Object.defineProperty(exports, name, { enumerable: true, get: () => library()[name] });
}
