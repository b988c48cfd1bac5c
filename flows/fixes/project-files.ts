/**
 * A container of a Compose project is mended where its owner wrote it: the file is judged on this box, and the edit that
 * takes the finding away is one of those of `gpumedic files`. There is no second set of rules for it here.
 */
import type { Fix } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import type { Fetch, Mend } from '../../src/files/finding.ts';
import type { Interruption, Plan, Refusal, Step } from '../../src/plan/plan.ts';
import type { ContainerRecord } from '../probes/container-record.ts';
import type { Facts } from '../probes/index.ts';
import { containerOf } from '../probes/subject.ts';
import { isOverPrivileged } from '../rules/container.ts';
import { boardOf, imageFits } from '../rules/tegra.ts';
import { refuse } from './make.ts';

/**
 * What a file of the project can show as well as its container. image-platform-mismatch and tegra-image-mismatch rest
 * on field knowledge alone: their edit is offered only where record and machine, both read here, contradict each other.
 */
const SHOWN_BY_FILES = [
  'visible-devices-unset',
  'visible-devices-unknown',
  'cdi-device-name-unresolvable',
  'driver-capabilities-missing',
  'driver-capabilities-unsupported',
  'visible-devices-ignored-unprivileged',
  'image-stub-libcuda',
  'cuda-compat-conflict',
  'mixed-runtime-and-vendor-cdi',
  'compose-service-without-gpu-request',
  'compose-stacked-mechanisms',
  'bind-mounted-driver-file-missing',
  'cuda-visible-devices-wrong',
  'over-privileged-workaround',
  'image-app-module-missing',
  'image-bundles-driver-libs',
  'image-cpu-only-framework',
  'image-libcudart-missing',
  'cuda-requirement-unsatisfied',
  'image-platform-mismatch',
  'image-nvidia-smi-not-found',
  'image-arch-not-compiled',
  'tegra-image-mismatch',
] as const;

const filesOf = (c: ContainerRecord): readonly string[] => c.composeFiles.split(',').filter(p => p.startsWith('/'));
const isOfProject = (c: ContainerRecord): boolean => c.service !== '' && c.project !== '' && filesOf(c).length > 0;

/** The container that was named, else the first of those that a check without a name complains about. */
const target = (f: Facts, finding: string): ContainerRecord | null => {
  const c = containerOf(f.subjectRecord);
  const board = boardOf(f);
  const isMeant = (w: ContainerRecord): boolean =>
    finding === 'tegra-image-mismatch' ? board !== null && imageFits(w.image, board) === false : isOverPrivileged(w, f);
  const one = c ?? or(f.workloads, []).find(w => isOfProject(w) && isMeant(w)) ?? null;
  return one !== null && isOfProject(one) ? one : null;
};

interface Gathered {
  /** `isBuild`: it lies in what the image is made of. */
  readonly mends: readonly (Mend & { readonly isBuild: boolean })[];
  /** What to paste where no edit could be proven. */
  readonly snippet: string | null;
  /** Every file of the project could be read. */
  readonly isShown: boolean;
  /** "path:line:column: what", of a file that does not parse. */
  readonly malformed: string | null;
}

const stops = (c: ContainerRecord): Interruption => ({
  containers: [{ name: c.name, image: c.image, restart: 'made anew at once' }],
  liveRestore: false,
  services: [],
});

const DOCKER = { changes: true, timeoutMs: 1_800_000 } as const;
const fetched = ({ ref, platform, was }: Fetch): Step => ({
  do: 'run',
  command: { argv: ['docker', 'pull', ...(platform ? ['--platform', platform] : []), ref], ...DOCKER },
  undo: was
    ? { argv: ['docker', 'tag', was, ref], ...DOCKER }
    : { nothing: `the image stays; docker image rm ${ref} takes it away` },
  why: `${ref} is not here${platform ? ` for ${platform}` : ''}`,
});

const planFor = (
  f: Facts,
  finding: string,
  { mends, snippet, isShown, malformed }: Gathered,
  taken: string,
): Plan | Refusal => {
  const c = target(f, finding);
  if (c === null) return refuse('the container belongs to no Compose service of a known file');
  const mend = mends[Number(taken)] ?? mends[0];
  const paths = filesOf(c);
  if (mend === undefined && malformed !== null)
    return refuse(`${malformed} Mend that first; nothing of it can be changed`);
  if (mend === undefined)
    return isShown
      ? refuse(
          `${paths.join(', ')} ${snippet === null ? 'does not show it' : 'shows it, and no edit of it could be proven'}`,
          ...(snippet === null
            ? [
                'it may come from the image, from the shell that started Compose, or the container is older than the file',
              ]
            : [snippet]),
        )
      : refuse(`${paths.join(', ')} could not be read`);
  const step: Step = {
    do: 'edit',
    path: mend.path,
    before: mend.before,
    after: mend.after,
    root: false,
    why: `${mend.title}; everything else of the file stays as it is`,
  };
  const up = ['docker', 'compose', '--project-name', c.project, ...paths.flatMap(p => ['-f', p]), 'up', '-d'] as const;
  return {
    fix: ID,
    finding,
    title: TITLE,
    summary: `${mend.title}.${mend.fetch ? ` Docker brings ${mend.fetch.ref} first.` : ''} ${mend.isBuild ? 'Builds the image anew and' : 'Then'} makes ${c.service} anew, and no other service.`,
    privilege: 1,
    effect: ['RX'],
    touches: [mend.path],
    // Before the edit: an image that cannot be had leaves everything as it is.
    steps: [...(mend.fetch ? [fetched(mend.fetch)] : []), step],
    validate: [],
    // Not a step: after an undo the service is made anew from the file as it was.
    settle: [
      {
        argv: [...up, '--no-deps', '--force-recreate', ...(mend.isBuild ? ['--build'] : []), c.service],
        changes: true,
        timeoutMs: mend.isBuild ? DOCKER.timeoutMs : 300_000,
      },
    ],
    interrupts: c.status === 'running' ? stops(c) : null,
    afterwards: [],
  };
};

const ID = 'change-project-file';
const TITLE = "Change the service in the project's own file";

const changeService: Fix = {
  id: ID,
  title: TITLE,
  mends: SHOWN_BY_FILES,
  privilege: 1,
  effect: ['RX'],
  by: 'patch',
  source: '2.9 and 2.10, fix class Patch; 2.15 over-privileged-workaround',
  fits: (f, finding) => target(f, finding) !== null,
  touches: f => [...new Set(SHOWN_BY_FILES.map(id => target(f, id)).flatMap(c => (c === null ? [] : filesOf(c))))],
  gather: async (box, f, finding): Promise<{ readonly gathered: Gathered }> => {
    const c = target(f, finding);
    if (c === null) return { gathered: { mends: [], snippet: null, isShown: false, malformed: null } };
    const { filesFindings } = await import('../../src/files/index.ts');
    const { reportOf, titleOf } = await import('../../src/engine/report.ts');
    const report = reportOf(f, { title: titleOf, ladder: () => [] });
    const { findings } = await filesFindings(box, report, {
      projects: [filesOf(c)],
      engine: false,
      shown: { id: finding, service: c.service },
    });
    const own = findings.filter(x => x.id === finding && (x.kind === 'dockerfile' || x.subject === c.service));
    const torn = findings.find(x => x.id === 'project-file-malformed');
    return {
      gathered: {
        malformed: torn === undefined ? null : `${torn.path}:${torn.line}:${torn.column}: ${torn.message}`,
        mends: own.flatMap(x => x.mends.map(m => ({ ...m, isBuild: x.kind === 'dockerfile' }))),
        snippet: own.find(x => x.snippet !== null)?.snippet ?? null,
        isShown: (await Promise.all(filesOf(c).map(p => box.read(p)))).every(r => r.kind === 'file'),
      },
    };
  },
  choices: (_, answers) => {
    const { mends } = (answers as unknown as { gathered: Gathered }).gathered;
    return mends.length < 2
      ? []
      : [
          {
            id: 'change',
            question: 'Which change?',
            options: mends.map((m, i) => ({ value: String(i), label: m.title })),
            many: false,
            initial: ['0'],
          },
        ];
  },
  propose: (f, answers, finding, chosen) =>
    planFor(f, finding, (answers as unknown as { gathered: Gathered }).gathered, chosen.change?.[0] ?? '0'),
};

export const projectFixes: readonly Fix[] = [changeService];
