/** Events to JUnit XML: every check of the session a test case, as it stood at the end. Pure. */
import { type JunitCase as Case, junitXml } from '../report/junit-xml.ts';
import type { Event } from './event.ts';
import { shown } from './markdown-text.ts';
import { storyOf } from './story.ts';

/** The document, ending in a newline. A log that breaks off is no failure of the checks it holds. */
export const transcriptJunit = (events: readonly Event[]): string => {
  const story = storyOf(events);
  const mended = new Set(story.findings.filter(f => f.mended === true).map(f => f.id));
  const standing = new Set(story.findings.filter(f => f.severity === 'fault' && f.mended !== true).map(f => f.id));
  const last = new Map(story.judged.map(judged => [`${judged.flow}.${judged.node}`, judged]));
  const checks = [...last.values()].map((judged): Case => {
    const { finding, seen } = judged;
    const failed = finding?.severity === 'fault' && !mended.has(finding.id);
    return {
      group: judged.flow,
      name: `${judged.node}: ${judged.title}`,
      outcome: failed ? 'failed' : judged.verdict === 'cannotTell' ? 'skipped' : 'passed',
      message: failed ? `${finding.id}: ${finding.title}` : judged.found,
      detail: failed ? seen.map(({ from, shows }) => `${from}\n${shows}`).join('\n\n') : '',
    };
  });
  const proofs = story.proofs.map(
    (proof): Case => ({
      group: 'proof',
      name: shown(proof.argv),
      outcome: proof.ok === null ? 'skipped' : proof.ok ? 'passed' : 'failed',
      message: proof.shows,
      detail: '',
    }),
  );
  const ways = story.ways.map(
    (way): Case => ({
      group: 'ways',
      name: way.way,
      // A form of asking that nobody set up is no failure of this machine.
      outcome:
        way.works === true ? 'passed' : way.works === false && standing.has(way.cause ?? '') ? 'failed' : 'skipped',
      message: way.cause === null ? way.why : `${way.cause}: ${way.why}`,
      detail: '',
    }),
  );
  const steps = [...story.putBack, ...story.changes.flatMap(change => change.steps)].map(
    (step): Case => ({
      group: step.direction,
      name: step.what,
      outcome: step.ok ? 'passed' : 'failed',
      message: step.detail ?? '',
      detail: '',
    }),
  );
  return junitXml(`gpumedic ${story.began?.session ?? ''}`.trim(), story.tookMs, [
    ...checks,
    ...steps,
    ...proofs,
    ...ways,
  ]);
};
