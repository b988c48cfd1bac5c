/** "Project files": what is wrong with the person's own files on this box, and the mends, each as a plan like any other. */
import type { FileFinding } from '../files/finding.ts';
import type { Plan } from '../plan/plan.ts';
import type { Hall, Side } from './hall.ts';
import type { At } from './state.ts';

export interface Trouble {
  readonly finding: FileFinding;
  /** One for each way of mending it, best first. */
  readonly plans: readonly Plan[];
}

/** What was looked through, and what is wrong. */
export interface Projects {
  readonly files: readonly string[];
  readonly troubles: readonly Trouble[];
  /** Folders below which was looked; the projects that the engine knows come besides. */
  readonly folders: readonly string[];
}

const isSame = (a: FileFinding, b: FileFinding): boolean =>
  a.path === b.path && a.id === b.id && a.subject === b.subject;

const countOf = (all: Projects, finding: FileFinding): number =>
  all.troubles.filter(t => isSame(t.finding, finding)).length;

const FAILED = { undone: 'Undone', stopped: 'Stopped', stuck: 'Not undone', refused: 'Not applied' } as const;

export interface ProjectPages extends Side {
  readonly answer: (yes: boolean) => void;
}

export const createProjects = (hall: Hall): ProjectPages => {
  const look = (next: (all: Projects) => void) => {
    const { files } = hall.outside();
    if (!files) return;
    hall.busy('Looking through project files');
    hall.then(files(), next);
  };
  const list = (all: Projects) => hall.go({ at: 'projects', all });

  const propose = (at: Extract<At, { at: 'trouble' }>, plan: Plan) => {
    hall.outside().append({ type: 'proposed', plan });
    hall.go({ at: 'mend', all: at.all, trouble: at.trouble, plan });
  };

  const tellOf = (finding: FileFinding) =>
    hall.outside().append({
      type: 'judged',
      flow: 'files',
      node: finding.id,
      title: finding.title,
      verdict: finding.id,
      found: `${finding.path}:${finding.line} ${finding.message}`,
      seen: [],
      finding: { id: finding.id, severity: finding.severity, title: finding.title },
    });

  const apply = ({ all, trouble, plan }: Extract<At, { at: 'mend' }>) => {
    const { finding } = trouble;
    const outside = hall.outside();
    hall.busy(`Applying: ${plan.title}`, true);
    hall.then(outside.apply(plan, { note: () => {}, signal: new AbortController().signal }), result => {
      outside.facts.forget();
      if (result.did !== 'applied') {
        hall.row({ sign: 'broken', label: FAILED[result.did], text: result.because });
        hall.set({ mended: [...hall.state().mended, false] });
        return hall.go({ at: 'trouble', all, trouble });
      }
      const session = outside.session();
      hall.set({ changes: hall.state().changes + 1, session });
      hall.row({ sign: 'done', label: 'Applied', text: plan.title });
      look(now => {
        const isGone = countOf(now, finding) < countOf(all, finding);
        outside.append({ type: 'verified', finding: finding.id, ok: isGone, by: 'files' });
        hall.set({ mended: [...hall.state().mended, isGone] });
        hall.row(
          isGone
            ? {
                sign: 'done',
                label: 'Fixed',
                text: `${finding.id}: ${finding.path} was read again and does not show it`,
              }
            : { sign: 'unsure', label: 'Not yet', text: `${plan.fix} did not clear ${finding.id} in ${finding.path}` },
        );
        for (const todo of plan.afterwards) hall.row({ sign: 'note', label: 'Afterwards', text: todo });
        if (session !== null && outside.box.kind === 'live')
          hall.row({ sign: 'note', label: 'Undo', text: `gpumedic undo ${session}` });
        list(now);
      });
    });
  };

  return {
    choose: id => {
      const { at } = hall.state();
      if (id === 'projects' && at.at === 'menu') look(list);
      else if (id === 'list' && at.at === 'trouble') list(at.all);
      else if (at.at === 'projects' && id.startsWith('trouble ')) {
        const trouble = at.all.troubles[Number(id.slice('trouble '.length))];
        if (!trouble) return false;
        tellOf(trouble.finding);
        hall.go({ at: 'trouble', all: at.all, trouble });
      } else if (at.at === 'trouble' && id.startsWith('mend ')) {
        const plan = at.trouble.plans[Number(id.slice('mend '.length))];
        if (!plan) return false;
        propose(at, plan);
      } else if (at.at === 'mend' && id === 'decline') hall.go({ at: 'trouble', all: at.all, trouble: at.trouble });
      else return false;
      return true;
    },
    back: () => {
      const { at } = hall.state();
      if (at.at === 'trouble') list(at.all);
      else if (at.at === 'mend') hall.go({ at: 'trouble', all: at.all, trouble: at.trouble });
      else return false;
      return true;
    },
    answer: yes => {
      const { at } = hall.state();
      if (at.at !== 'mend' || hall.outside().box.kind === 'recorded') return;
      hall.outside().append({ type: 'answered', question: `apply ${at.plan.fix}`, answer: yes ? 'yes' : 'no' });
      if (yes) return apply(at);
      hall.set({ declined: true });
      hall.go({ at: 'trouble', all: at.all, trouble: at.trouble });
    },
  };
};
