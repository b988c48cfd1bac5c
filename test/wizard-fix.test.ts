import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chosen } from '../src/engine/fix.ts';
import type { Plan } from '../src/plan/plan.ts';
import { type FixReport, heldBack, runFix } from '../src/wizard/fix.ts';
import { UnknownId } from '../src/wizard/fix-jobs.ts';
import { CONFIG, type PretendOptions, pretend } from './fixtures/outside.ts';

interface Flags {
  readonly ids?: readonly string[];
  readonly chosen?: Chosen;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly answers?: readonly (string | null)[];
  readonly signal?: AbortSignal;
}

const fixing = async (flags: Flags = {}, options: PretendOptions = {}) => {
  const p = pretend(options);
  const answers = [...(flags.answers ?? [])];
  let out = '';
  let asked = 0;
  const code = await runFix({
    outside: p.outside,
    ids: flags.ids ?? [],
    chosen: flags.chosen ?? {},
    yes: flags.yes ?? false,
    dryRun: flags.dryRun ?? false,
    json: flags.json ?? false,
    ask: async () => {
      asked++;
      return answers.shift() ?? null;
    },
    out: text => {
      out += text;
    },
    err: () => {},
    terminal: { colour: false, ascii: false, columns: 80 },
    signal: flags.signal ?? new AbortController().signal,
  });
  return { p, out, code, asked };
};

test('after a y or yes it applies and verifies by looking again', async () => {
  for (const answer of ['y', 'yes', ' YES ']) {
    const { p, code, out } = await fixing({ answers: [answer] });
    assert.equal(code, 0);
    assert.equal(p.applied, 1);
    assert.match(out, /Fixed: hook-ldconfig-path-missing is not found any more/);
    assert.deepEqual(
      p.said.filter(e => e.type === 'verified').map(e => e.ok),
      [true],
    );
  }
});

test('any other answer and the end of the input change nothing, and a fault stands: 1', async () => {
  for (const answer of ['', 'n', 'yeah', '1', 'apply', null]) {
    const { p, code, out } = await fixing({ answers: [answer] });
    assert.equal(code, 1, String(answer));
    assert.equal(p.applied, 0);
    assert.match(out, /Declined; nothing was changed/);
  }
});

test('--yes asks nothing, takes the first offered fix and says how to undo', async () => {
  const { p, code, asked } = await fixing({ yes: true });
  assert.deepEqual([code, p.applied, asked], [0, 1, 0]);
});

test('--yes leaves a restart that stops running containers to a person, unless that fix is named', async () => {
  const held = await fixing({ yes: true }, { containers: 2 });
  assert.deepEqual([held.code, held.p.applied], [1, 0]);
  assert.match(held.out, /because its restart stops running containers: worker-0,\s+worker-1/);
  const byFinding = await fixing({ yes: true, ids: ['hook-ldconfig-path-missing'] }, { containers: 2 });
  assert.deepEqual([byFinding.code, byFinding.p.applied], [1, 0]);
  const named = await fixing({ yes: true, ids: ['ldconfig-path'] }, { containers: 2 });
  assert.deepEqual([named.code, named.p.applied], [0, 1]);
});

test('--yes never takes privilege 4 or 5, nor a restart of which nobody knows what it stops', () => {
  const plan = { privilege: 2, interrupts: null } as Plan;
  assert.equal(heldBack(plan), null);
  assert.ok(heldBack({ ...plan, privilege: 4 }));
  assert.ok(heldBack({ ...plan, privilege: 5 }));
  assert.ok(
    heldBack({
      ...plan,
      interrupts: { containers: [], liveRestore: false, services: ['docker'], unknown: 'docker ps failed' },
    }),
  );
  assert.equal(heldBack({ ...plan, interrupts: { containers: [], liveRestore: false, services: ['docker'] } }), null);
});

test('--dry-run shows the diff, says that nothing was changed, and answers like check', async () => {
  const { p, code, out, asked } = await fixing({ dryRun: true, yes: true });
  assert.deepEqual([code, p.applied, asked], [1, 0, 0]);
  assert.match(out, /\+ldconfig = "@\/sbin\/ldconfig"/);
  assert.match(out, /Dry run: nothing was changed/);
});

test('--json is one object with the plan, the outcome and the proof of it', async () => {
  const { out } = await fixing({ yes: true, json: true });
  const report = JSON.parse(out) as FixReport;
  assert.equal(report.schema, 'gpumedic.fix/1');
  assert.equal(report.mutated, true);
  assert.equal(report.verdict, 'ok');
  const [fix] = report.fixes;
  assert.deepEqual(
    [fix!.finding, fix!.fix, fix!.outcome, fix!.verified, fix!.touches],
    ['hook-ldconfig-path-missing', 'ldconfig-path', 'applied', true, [CONFIG]],
  );
  assert.match(fix!.diff, /^--- \/etc/);
});

test('an id that is neither a finding nor a fix is refused before anything happens', async () => {
  await assert.rejects(fixing({ ids: ['nonsense'], yes: true }), UnknownId);
});

test('a failed apply is told and the fault stands; a fix is not tried twice', async () => {
  let tries = 0;
  const { code, out } = await fixing(
    { yes: true },
    {
      apply: async () => {
        tries++;
        return { did: 'undone', because: 'dockerd did not start' };
      },
    },
  );
  assert.equal(tries, 1);
  assert.equal(code, 1);
  assert.match(out, /dockerd did not start/);
});

test('an interruption while applying is 130, and nothing more is begun', async () => {
  const stop = new AbortController();
  const { code, asked } = await fixing(
    { answers: ['y', 'y'], signal: stop.signal },
    {
      facts: { uvm: 'missing' },
      apply: async () => {
        stop.abort();
        return { did: 'stopped', because: 'interrupted' };
      },
    },
  );
  assert.deepEqual([code, asked], [130, 1]);
});

test('nothing to fix is no error', async () => {
  const { code, out } = await fixing({ yes: true }, { facts: { ldconfig: 'present' } });
  assert.equal(code, 0);
  assert.match(out, /no fault was found/);
});

test('without root and without sudo the commands are shown to copy, and nothing is changed', async () => {
  const { p, code, out } = await fixing({ yes: true }, { canRoot: false });
  assert.deepEqual([code, p.applied], [1, 0]);
  assert.match(out, /sudoedit \/etc\/nvidia-container-runtime\/config\.toml/);
});
