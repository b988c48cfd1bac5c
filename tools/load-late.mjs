// Loads a file of dist/chunks when something in it is called for the first time, without waiting.
export const loadLate = name => process.getBuiltinModule('module').createRequire(import.meta.url)(`./${name}.cjs`);
