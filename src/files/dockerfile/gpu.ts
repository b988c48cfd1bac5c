/** What a Dockerfile does that takes the GPU away: driver files, wheels without CUDA, a base without libcudart, steps that want a GPU. */
import { titles } from '../../../flows/requests/titles.ts';
import type { FileFinding, Mend } from '../finding.ts';
import type { Use } from './findings.ts';
import { type Dockerfile, type Instruction, parseDockerfile, type Stage } from './parse.ts';

interface Rule {
  readonly id:
    | 'image-bundles-driver-libs'
    | 'image-cpu-only-framework'
    | 'image-libcudart-missing'
    | 'docker-build-no-gpu';
  /** Whether it is looked for at all. */
  readonly when: (use: Use, shown: string | null) => boolean;
  readonly word: 'RUN' | 'FROM';
  /** What stands there, in words; null where nothing is wrong. */
  readonly wrong: (text: string, flags: Readonly<Record<string, string>>) => string | null;
  readonly message: string;
  readonly title: string;
  /** The instruction as it should be written; the same where no edit is certain. */
  readonly better: (written: string) => string;
  /** The edit asks for a device, which Docker must give by its CDI name. */
  readonly byCdi?: boolean;
}

/** Packages of the driver's user space; those of cuda-compat and of the container toolkit are none. */
const DRIVER_PACKAGE =
  /(?<![\w./=-])(?:nvidia-(?:driver|utils|smi|settings|kernel|dkms)[\w.+*-]*|libnvidia-(?:compute|gl|decode|encode|cfg1?|ml1?|extra|fbc1)[\w.+*-]*|libcuda1[\w.+*-]*|cuda-drivers[\w.+*-]*|xserver-xorg-video-nvidia[\w.+*-]*)(?:=[\w.:+~*-]+)?(?![\w./-])/g;
const INSTALLS = /\b(?:apt-get|apt|aptitude|dnf|yum|microdnf|zypper|apk)\b[^&|;]*\b(?:install|add)\b/;

const CPU_INDEX = /\s+(?:--(?:extra-)?index-url|-i)(?:\s+|=)(["']?)https?:\/\/download\.pytorch\.org\/whl\/cpu\/?\1/g;
const CPU_WHEEL = /(==[\w.]+)\+cpu\b/g;
const CPU_NAMES: readonly (readonly [from: RegExp, to: string])[] = [
  [/(?<![\w-])tensorflow-cpu(?![\w-])/g, 'tensorflow[and-cuda]'],
  [/(?<![\w-])jax\[cpu\]/g, 'jax[cuda12]'],
];
const isCpu = (text: string): boolean =>
  [CPU_INDEX, CPU_WHEEL, ...CPU_NAMES.map(([from]) => from)].some(r => new RegExp(r.source).test(text));

const CUDA_BASE = /((?:^|[/\s])nvidia\/cuda:[\w.]+(?:-cudnn\d*)?)-base(?=-|$|\s)/;

/** Whether a step fails without a GPU; one that goes on without (||, if) is left alone, and words in quotes are no command. */
const wantsGpu = (text: string): boolean =>
  /\bassert torch\.cuda\.is_available\(\)/.test(text) ||
  /(?:^|&&|;)\s*(?:\/usr\/bin\/)?nvidia-smi\b(?![^&;]*\|\|)/.test(text.replace(/"[^"]*"|'[^']*'/g, '""'));
const LABS = '# syntax=docker/dockerfile:1-labs';
const SYNTAX = /^#[ \t]*syntax[ \t]*=[ \t]*(\S+)[ \t]*/i;

/** The file with the syntax that reads RUN --device; null where another syntax is named. */
const withLabs = (text: string): string | null => {
  if (text.startsWith('\ufeff')) return null;
  const named = SYNTAX.exec(text)?.[1];
  if (named === undefined) return `${LABS}${text.includes('\r\n') ? '\r\n' : '\n'}${text}`;
  if (/-labs$/.test(named)) return text;
  return /^docker\/dockerfile:1(?:\.\d+)*$/.test(named) ? text.replace(SYNTAX, LABS) : null;
};

/** Takes words out of an instruction; a line that held nothing else goes, with its continuation. */
const withoutWords = (written: string, word: RegExp): string => {
  const kept = written.split('\n').flatMap(line => {
    const rest = line.replace(word, '');
    if (rest === line) return [line];
    if (/^\s*\\?\s*$/.test(rest)) return [];
    return [
      rest
        .replace(/[ \t]+(?=\\?\r?$)/, m => (/\\\r?$/.test(rest) ? ' ' : m.trim()))
        .replace(/(\S)[ \t]{2,}(?=\S)/g, '$1 '),
    ];
  });
  // What is now the last line may not say that another follows.
  return kept.join('\n').replace(/[ \t]*\\(\r?)$/, '$1');
};

const rules: readonly Rule[] = [
  {
    id: 'image-bundles-driver-libs',
    when: () => true,
    word: 'RUN',
    wrong: text => (INSTALLS.test(text) ? [...text.matchAll(DRIVER_PACKAGE)].map(m => m[0]).join(', ') || null : null),
    message:
      'the files of the driver come from the host at each start; a copy in the image is of another version, or in the way of the mount',
    title: 'Leave the driver to the host',
    better: written => {
      const after = withoutWords(written, DRIVER_PACKAGE);
      // An installation of nothing is no edit; what else the line does is for its owner to decide.
      const rest = /\b(?:install|add)\b([^&|;]*)/.exec(after.replaceAll(/\\\r?\n/g, ' '))?.[1] ?? '';
      return rest.split(/\s+/).some(w => w !== '' && !w.startsWith('-')) ? after : written;
    },
  },
  {
    id: 'image-cpu-only-framework',
    when: (use, shown) => use.asks || shown === 'image-cpu-only-framework',
    word: 'RUN',
    wrong: text => (/\b(?:pip3?|uv|poetry|pipx)\b/.test(text) && isCpu(text) ? 'wheels built without CUDA' : null),
    message: 'the framework finds no GPU whatever the container is given; the ordinary wheels hold CUDA',
    title: 'Install the wheels that hold CUDA',
    better: written =>
      CPU_NAMES.reduce(
        (text, [from, to]) => text.replace(from, to),
        written.replace(CPU_INDEX, '').replace(CPU_WHEEL, '$1'),
      ),
  },
  {
    id: 'image-libcudart-missing',
    // Whether a program needs the CUDA runtime only the program can say.
    when: (_, shown) => shown === 'image-libcudart-missing',
    word: 'FROM',
    wrong: text => (CUDA_BASE.test(text) ? `${text.trim().split(/\s+/)[0]} without the CUDA runtime` : null),
    message: 'the program wants libcudart; the runtime flavour of the same tag has it',
    title: 'Build on the runtime flavour of the same image',
    better: written => written.replace(CUDA_BASE, '$1-runtime'),
  },
  {
    id: 'docker-build-no-gpu',
    when: () => true,
    word: 'RUN',
    wrong: (text, flags) => (wantsGpu(text) && !('device' in flags) ? 'a step of the build wants a GPU' : null),
    message:
      'a build gets none, whatever the default runtime is. Leave the test to the start of the container, or ask in the step: BuildKit 0.20, Buildx 0.22 and CDI in Docker are needed',
    title: 'Ask for the GPU in this step of the build',
    better: written => written.replace(/^(\s*run)\b/i, '$1 --device=nvidia.com/gpu=all'),
    byCdi: true,
  },
];

/** The stage that is started and those it builds on. */
const chainOf = (file: Dockerfile, target: string | null): readonly Stage[] => {
  const chain: Stage[] = [];
  let stage = file.stages.find(s => target !== null && s.name === target.toLowerCase()) ?? file.stages.at(-1);
  while (stage !== undefined && !chain.includes(stage)) {
    chain.push(stage);
    const { from, index } = stage;
    stage = file.stages.find(s => s.index < index && s.name !== null && s.name === from?.toLowerCase());
  }
  return chain;
};

const words = (file: Dockerfile): readonly string[] =>
  file.stages.flatMap(s => [
    `${s.from}`,
    ...s.instructions.map(i => `${i.word} ${JSON.stringify(i.flags)} ${i.text.replace(/\s+/g, ' ').trim()}`),
  ]);

/** One instruction differs, and nothing else. */
const isProven = (before: Dockerfile, after: string): boolean => {
  const now = parseDockerfile(after);
  if (now.fault !== null) return false;
  const [a, b] = [words(before), words(now)];
  return a.length === b.length && a.filter((w, i) => w !== b[i]).length === 1;
};

interface Place {
  readonly line: number;
  readonly endLine: number;
  readonly text: string;
  readonly flags: Readonly<Record<string, string>>;
}
const placesOf = (stage: Stage, rule: Rule): readonly Place[] =>
  rule.word === 'FROM'
    ? [{ line: stage.fromLine, endLine: stage.fromLine, text: stage.from ?? '', flags: {} }]
    : stage.instructions
        .filter((i: Instruction) => i.word === 'RUN' && i.heredocs === 0)
        .map(i => ({ line: i.line, endLine: i.endLine, text: i.text, flags: i.flags }));

const mendOf = (
  path: string,
  text: string,
  file: Dockerfile,
  rule: Rule,
  place: Place,
  cdi: boolean,
): readonly Mend[] => {
  if (rule.byCdi && !cdi) return [];
  const lines = text.split('\n');
  const written = lines.slice(place.line - 1, place.endLine).join('\n');
  const better = rule.better(written);
  if (better === written) return [];
  const edited = [...lines.slice(0, place.line - 1), better, ...lines.slice(place.endLine)].join('\n');
  const after = rule.byCdi ? withLabs(edited) : edited;
  return after !== null && isProven(file, after) ? [{ title: rule.title, to: null, path, before: text, after }] : [];
};

/** Findings that lie in what the image is made of. */
export const gpuFindings = (
  path: string,
  text: string,
  file: Dockerfile,
  use: Use,
  /** What the container of this use showed. */
  shown: string | null,
  /** Docker gives out GPUs by their CDI names here. */
  cdi: boolean,
): readonly FileFinding[] =>
  rules
    .filter(rule => rule.when(use, shown))
    .flatMap(rule =>
      chainOf(file, use.target).flatMap(stage =>
        placesOf(stage, rule).flatMap((place): FileFinding[] => {
          const wrong = rule.wrong(place.text, place.flags);
          if (wrong === null) return [];
          return [
            {
              path,
              kind: 'dockerfile',
              id: rule.id,
              severity: shown === rule.id ? 'fault' : 'risk',
              title: titles[rule.id]!,
              line: place.line,
              column: 1,
              endLine: place.endLine,
              endColumn: (text.split('\n')[place.endLine - 1] ?? '').replace(/\r$/, '').length + 1,
              message: `${wrong}: ${rule.message}.`,
              subject: use.service,
              works: [],
              mends: mendOf(path, text, file, rule, place, cdi),
              snippet: null,
            },
          ];
        }),
      ),
    );
