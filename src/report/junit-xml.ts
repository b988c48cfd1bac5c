/** JUnit XML of test cases, whatever they stand for. */
import { xmlAttribute as attribute, xml } from '../text/xml.ts';

export interface JunitCase {
  readonly group: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly message: string;
  readonly detail: string;
}

const caseXml = (c: JunitCase): string => {
  const open = `    <testcase classname="gpumedic.${attribute(c.group)}" name="${attribute(c.name)}"`;
  if (c.outcome === 'passed') return `${open}/>`;
  const tag = c.outcome === 'failed' ? 'failure' : 'skipped';
  const inner = c.detail === '' ? '/>' : `>${xml(c.detail)}</${tag}>`;
  return `${open}>\n      <${tag} message="${attribute(c.message)}"${inner}\n    </testcase>`;
};

/** One suite of these cases; `tookMs` in milliseconds. Ends with a newline. */
export const junitXml = (suite: string, tookMs: number, cases: readonly JunitCase[]): string => {
  const count = (outcome: JunitCase['outcome']): number => cases.filter(c => c.outcome === outcome).length;
  const numbers = `tests="${cases.length}" failures="${count('failed')}" errors="0" skipped="${count('skipped')}" time="${(tookMs / 1000).toFixed(3)}"`;
  const name = attribute(suite);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${name}" ${numbers}>`,
    `  <testsuite name="${name}" ${numbers}>`,
    ...cases.map(caseXml),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
};
