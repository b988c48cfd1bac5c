/** Events to one JSON document for programs, schema "gpumedic.transcript/1". Pure. */
import { unifiedDiff } from '../text/diff.ts';
import type { Event } from './event.ts';
import type { Account } from './redact.ts';
import { storyOf } from './story.ts';

export const TRANSCRIPT_SCHEMA = 'gpumedic.transcript/1';

const time = (ms: number): string => new Date(ms).toISOString();

/** The document as a plain value. `account` says what the redaction hid, where it is at hand. */
export const transcriptDocument = (events: readonly Event[], account: Account | null = null) => {
  const story = storyOf(events);
  const first = events[0]?.at;
  return {
    schema: TRANSCRIPT_SCHEMA,
    session: story.began?.session ?? null,
    version: story.began?.version ?? null,
    box: story.began?.box ?? null,
    command: story.began?.command ?? null,
    began: first === undefined ? null : time(first),
    tookMs: story.tookMs,
    outcome: story.outcome,
    exitCode: story.exitCode,
    undo: story.undo,
    machine: story.machine,
    findings: story.findings,
    changes: story.changes.map(({ plan, chosen, status, steps, verified }) => ({
      fix: plan.fix,
      finding: plan.finding,
      title: plan.title,
      summary: plan.summary,
      privilege: plan.privilege,
      effect: plan.effect,
      touches: plan.touches,
      chosen: chosen.map(({ choice, question, taken, by }) => ({ choice, question, taken, by })),
      status,
      diffs: plan.steps.flatMap(step =>
        step.do === 'edit' ? [{ path: step.path, diff: unifiedDiff(step.path, step.before, step.after) }] : [],
      ),
      commands: [
        ...plan.steps.flatMap(step => (step.do === 'run' ? [step.command.argv] : [])),
        ...plan.validate.map(command => command.argv),
        ...plan.settle.map(command => command.argv),
      ],
      interrupts: plan.interrupts,
      afterwards: plan.afterwards,
      steps: steps.map(({ at, direction, what, ok, detail }) => ({
        at: time(at),
        direction,
        what,
        ok,
        detail: detail ?? null,
      })),
      verified: verified === null ? null : { ok: verified.ok, by: verified.by },
    })),
    putBack: story.putBack.map(({ at, what, ok, detail }) => ({ at: time(at), what, ok, detail: detail ?? null })),
    refused: story.refused.map(({ fix, because }) => ({ fix, because })),
    proofs: story.proofs.map(({ argv, ok, shows }) => ({ argv, ok, shows })),
    ways: story.ways,
    unknown: story.unknown,
    verdicts: story.judged.map(({ flow, node, title, verdict, found, finding }) => ({
      flow,
      node,
      title,
      verdict,
      found,
      finding: finding?.id ?? null,
    })),
    answers: story.answers.map(({ at, question, answer }) => ({ at: time(at), question, answer })),
    commands: story.ran.map(({ at, argv, result, tookMs }) => ({
      at: time(at),
      argv,
      result: result.kind,
      code: result.kind === 'exited' ? result.code : null,
      stdout: result.kind === 'exited' ? result.stdout : null,
      stderr: result.kind === 'exited' ? result.stderr : null,
      tookMs,
    })),
    looked: story.looked.map(({ path, what, kind }) => ({ path, what, kind })),
    hidden: account,
  };
};

export type TranscriptDocument = ReturnType<typeof transcriptDocument>;

/** The document as text, two spaces deep, ending in a newline. */
export const transcriptJson = (events: readonly Event[], account: Account | null = null): string =>
  `${JSON.stringify(transcriptDocument(events, account), null, 2)}\n`;
