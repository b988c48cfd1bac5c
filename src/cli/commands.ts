/** Every command and every option, in one table: parsing, help and the hints for misspelt words all read it. */
export interface Option {
  readonly type: 'boolean' | 'string';
  /** The word that stands for the value in the help: FILE. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly short?: string;
  /** May be given more than once; every value counts. */
  readonly many?: true;
  readonly about: string;
}

export interface CommandSpec {
  /** Words after the command, as the help shows them. */
  readonly takes: string;
  /** How many words may follow. */
  readonly most: number;
  readonly about: string;
  readonly options: Readonly<Record<string, Option>>;
}

/** Valid with every command. */
export const everywhere: Readonly<Record<string, Option>> = {
  box: { type: 'string', value: 'FILE', about: 'look at a snapshot instead of this machine' },
  demo: {
    type: 'string',
    value: 'NAME',
    about: 'a simulated broken box; --demo list names them, random does not tell',
  },
  json: { type: 'boolean', about: 'answer as JSON' },
  plain: { type: 'boolean', about: 'plain lines and numbered answers instead of the screen' },
  'read-only': { type: 'boolean', about: 'refuse every change' },
  ascii: { type: 'boolean', about: 'ok, !!, ??, -- and > instead of signs' },
  'no-color': { type: 'boolean', about: 'no colour' },
  help: { type: 'boolean', short: 'h', about: 'this help, or a command’s' },
  version: { type: 'boolean', short: 'V', about: 'the version' },
};

const format = (...choices: readonly string[]): Option => ({
  type: 'string',
  value: choices.join('|'),
  choices,
  about: `the form of the answer; ${choices[0]} if absent`,
});

const loadModules: Option = {
  type: 'boolean',
  about: 'also run probes that may load kernel modules or create device nodes',
};

const lang: Option = {
  type: 'string',
  value: 'en|ko',
  choices: ['en', 'ko'],
  about: 'the language; that of LANG if absent',
};

const hide: Option = {
  type: 'string',
  value: 'WORDS',
  about: 'take these words out besides, separated by commas',
};

export const commands: Readonly<Record<string, CommandSpec>> = {
  wizard: {
    takes: '',
    most: 0,
    about: 'find out, propose, fix, prove: the wizard (also without any command)',
    options: { 'load-modules': loadModules, lang },
  },
  check: {
    takes: '',
    most: 0,
    about: 'run every read-only probe and print the verdict',
    options: {
      format: format('text', 'json', 'md', 'junit'),
      'load-modules': loadModules,
      container: {
        type: 'string',
        value: 'NAME',
        about: 'also look at one container or image: its record, log and GPU inside',
      },
      try: {
        type: 'boolean',
        about: 'with --container: start a throw-away container from its image where it does not run (never pulled)',
      },
    },
  },
  fix: {
    takes: '[ID…]',
    most: Number.POSITIVE_INFINITY,
    about: 'plan, show the diff, confirm, apply, verify; ID is a finding’s or a fix’s',
    options: {
      yes: { type: 'boolean', about: 'take the first offered fix without asking (never one of privilege 4 or 5)' },
      'dry-run': { type: 'boolean', about: 'show everything, change nothing' },
      choose: {
        type: 'string',
        value: 'ID=VALUE[,VALUE…]',
        many: true,
        about: 'answer a question of the fix beforehand: services=web,worker; may be repeated',
      },
      container: { type: 'string', value: 'NAME', about: 'also see to one container or image' },
      'load-modules': loadModules,
    },
  },
  explain: {
    takes: '[FILE]',
    most: 1,
    about: 'name the cause from a log or error text, from FILE or standard input',
    options: {
      format: format('text', 'json'),
      here: { type: 'boolean', about: 'also ask this machine’s probes (read-only)' },
      follow: { type: 'boolean', about: 'keep reading a live log and speak once for each new cause' },
    },
  },
  history: {
    takes: '',
    most: 0,
    about: 'what was changed, and when',
    options: {},
  },
  undo: {
    takes: '[SESSION]',
    most: 1,
    about: 'put back what a session changed; the last one if none is named',
    options: {},
  },
  transcript: {
    takes: '[SESSION]',
    most: 1,
    about: 'export a session for a ticket; the last one if none is named',
    options: {
      format: format('md', 'json', 'sh', 'ansible', 'junit', 'cast'),
      'to-issue': { type: 'boolean', about: 'a report with the fields of the toolkit’s own bug form' },
      hide,
    },
  },
  learn: {
    takes: '[TOPIC]',
    most: 1,
    about: 'how a GPU gets into a container, with this machine’s values; every chapter ends with an exercise',
    options: {
      list: { type: 'boolean', about: 'the chapters, and which are done' },
      reset: { type: 'boolean', about: 'forget which chapters are done' },
      lang,
    },
  },
  files: {
    takes: '[PATH…]',
    most: Number.POSITIVE_INFINITY,
    about: 'what is wrong for this machine in Compose files, Dockerfiles and manifests; - reads a manifest from a pipe',
    options: {
      format: format('text', 'json', 'sarif'),
      to: {
        type: 'string',
        value: 'cdi|runtime|reservation|reservation-cdi|gpus',
        choices: ['cdi', 'runtime', 'reservation', 'reservation-cdi', 'gpus'],
        about: 'show the services asking in this form, as a diff',
      },
      service: { type: 'string', value: 'NAME[,NAME]', about: 'with --to: only these services' },
      shared: {
        type: 'string',
        value: 'all|own',
        choices: ['all', 'own'],
        about: 'with --to: a request shared with other services is changed for all, or copied for the one',
      },
      write: { type: 'boolean', about: 'with --to: write it' },
    },
  },
  snapshot: {
    takes: '',
    most: 0,
    about: 'record this box, redacted, so that anyone can look at it with --box',
    options: {
      output: { type: 'string', value: 'FILE', short: 'o', about: 'where to write; gpumedic-DATE.json.gz if absent' },
      script: { type: 'boolean', about: 'print a shell script that records a box where gpumedic cannot run' },
      hide,
    },
  },
  flows: {
    takes: '[ID]',
    most: 1,
    about: 'draw the decision tree',
    options: { format: format('text', 'mermaid', 'json') },
  },
};

/** Commands of later versions: they are named honestly and do nothing. */
export const later: Readonly<Record<string, string>> = {};

/** Formats that the tables name and this version does not write yet. */
export const laterFormats: Readonly<Record<string, readonly string[]>> = {};
