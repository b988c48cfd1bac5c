declare module '@iarna/toml/parse-string.js' {
  const parse: (text: string) => Record<string, unknown>;
  export default parse;
}
