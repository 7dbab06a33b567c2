import { execFileSync } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { rowsOf, startMany } from '../support/bulk.js';
import { createClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { batches, patches, settledPatches, stateOf } from '../support/journal.js';
import { createFifo, type Fifo, freePort, type Line, linesOf, parseLines, useFolder } from '../support/output.js';
import { type RunningProcess, startNode, startProcess } from '../support/process.js';
import { addressOf, type Program, usePrograms } from '../support/program.js';
import { scrape, total } from '../support/scrape.js';
import { liveSettings, untilReady } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';
import { manyStates, oneState } from '../support/states.js';

const main = 'dist/main.js';
const token = 'audit-test-token';
const simulator = useSimulator(token, 'test');
const startProgram = usePrograms('test');
const path = useFolder();

const settings = (env: Readonly<Record<string, string>> = {}) => ({
  PORT: '0',
  SIGN_IN: 'off',
  GRAPH_WRITES_PER_20S: '10000',
  ...liveSettings(simulator, token),
  ...env,
});
const start = (env: Readonly<Record<string, string>> = {}) => startProgram(main, settings(env));

const status = async (address: string, at: string) => (await fetch(`${address}${at}`)).status;
const readiness = (address: string) => status(address, '/readyz');
const phase = (lines: readonly Line[], name: string) => lines.filter((line) => line['phase'] === name);

/** Updates one state. Resolves with the reason of its failure, or OK. */
async function update(address: string, successDeviceCount = 41): Promise<string> {
  const client = createClient(address);
  const { target } = await oneState({ client });
  const call = client.scriptUserState.update.mutate({ ...target, patch: { successDeviceCount } });
  return call.then(
    () => 'OK',
    async () => (await failure(call)).reason,
  );
}

const processes: RunningProcess[] = [];
let fifo: Fifo | undefined;
afterEach(async () => {
  await Promise.all(processes.splice(0).map((each) => each.stop()));
  fifo?.close();
  fifo = undefined;
});

/** Starts the service with any stdout. Its log cannot be read for its address. */
async function startWithStdout(stdout: number | 'ignore', env: Readonly<Record<string, string>> = {}) {
  const port = await freePort();
  const running = startNode([main], settings({ PORT: port, ...env }), { stdio: ['ignore', stdout, 'pipe'] });
  processes.push(running);
  let stderr = '';
  running.child.stderr?.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  const address = `http://127.0.0.1:${port}`;
  await expect.poll(() => status(address, '/healthz').catch(() => 0), { timeout: 30_000 }).toBe(200);
  return { ...running, address, stderr: () => stderr };
}

describe('a write', () => {
  test('has a line with its intent before Graph receives it, and one with its outcome before the caller does', async () => {
    const program = start({ AUDIT_LOG: path('trail') });
    const address = await addressOf(program);
    const client = createClient(address);
    const { target, state } = await oneState({ client });
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 1500 });
    const { successDeviceCount, errorDeviceCount } = state;
    const call = client.scriptUserState.update.mutate({
      ...target,
      patch: { successDeviceCount: 97, userPrincipalName: 'canary@contoso.example' },
      expected: { successDeviceCount },
    });
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const intent = {
      log: 'audit',
      phase: 'intent',
      oid: 'local-operator',
      action: 'update',
      ...target,
      fields: ['successDeviceCount', 'userPrincipalName'],
      counts: { successDeviceCount: 97 },
    };
    expect(linesOf(path('trail'))).toMatchObject([intent]);
    await call;
    expect(linesOf(path('trail'))).toMatchObject([
      intent,
      { ...intent, phase: 'outcome', outcome: 'applied', before: { successDeviceCount, errorDeviceCount } },
    ]);
    expect(JSON.stringify(linesOf(path('trail')))).not.toContain('canary');
    expect(program.stdout.join('')).not.toContain('"audit"');
    expect(statSync(path('trail')).mode & 0o777).toBe(0o640);
  });

  test('that is sent again has one intent', async () => {
    const address = await addressOf(start({ AUDIT_LOG: path('trail') }));
    await simulator.fault({ fault: 'throttled', method: 'PATCH' });
    expect(await update(address)).toBe('OK');
    expect(linesOf(path('trail')).map((line) => line['phase'])).toEqual(['intent', 'outcome']);
  });

  test('that is not sent has no intent', async () => {
    const address = await addressOf(start({ AUDIT_LOG: path('trail') }));
    const client = createClient(address);
    const { target, state } = await oneState({ client });
    const expected = { successDeviceCount: state.successDeviceCount + 1 };
    await failure(client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 1 }, expected }));
    expect(linesOf(path('trail'))).toMatchObject([{ phase: 'outcome', outcome: 'rejected', reason: 'CONFLICT' }]);
  });
});

test('rows that leave together are written together and sent in one batch', async () => {
  const address = await addressOf(start({ AUDIT_LOG: path('trail') }));
  const states = await manyStates({ client: createClient(address) }, 60);
  await startMany({ address }, { updates: [...rowsOf(states, 100)] }).finished;
  expect((await batches(simulator)).map(({ length }) => length)).toEqual([20, 20, 20]);
});

/** Every write that Graph received has an intent, and every one that was reported as done an outcome. */
async function expectTrace(lines: readonly Line[], done: readonly string[]): Promise<void> {
  const ids = (name: string) => new Set(phase(lines, name).map((line) => line['userStateId']));
  await settledPatches(simulator);
  const sent = await patches(simulator);
  const intents = ids('intent');
  const outcomes = ids('outcome');
  expect(sent.map(stateOf).filter((id) => !intents.has(id))).toEqual([]);
  expect(done.filter((id) => !outcomes.has(id))).toEqual([]);
}

describe('after SIGKILL in the middle of a bulk update, every write that Graph received has an intent', () => {
  async function killInBulk(program: Program): Promise<readonly string[]> {
    await simulator.settings({ writesPer20s: 10_000 });
    const address = await addressOf(program);
    const states = await manyStates({ client: createClient(address) }, 1200);
    const updates = [...rowsOf(states, 100)];
    const call = startMany({ address }, { updates });
    await expect.poll(() => call.results().length, { interval: 5 }).toBeGreaterThan(200);
    await program.stop('SIGKILL');
    await call.finished.catch(() => undefined);
    expect(call.results().length).toBeLessThan(1200);
    return call.results().flatMap(({ ok, index }) => (ok ? [updates[index]?.userStateId ?? ''] : []));
  }

  test('in a file', async () => {
    const done = await killInBulk(start({ AUDIT_LOG: path('trail') }));
    await expectTrace(linesOf(path('trail')), done);
  });

  test('on stdout', async () => {
    const program = start();
    const done = await killInBulk(program);
    // The last line may be incomplete.
    const complete = program.stdout.filter((line) => line.endsWith('}'));
    await expectTrace(parseLines(complete.join('\n')), done);
  });
});

describe('while the trail cannot be written, writes are refused', () => {
  test('to a full disk, and accepted when there is another file', async () => {
    symlinkSync('/dev/full', path('trail'));
    const program = start({ AUDIT_LOG: path('trail'), METRICS_PORT: '0' });
    const address = await addressOf(program);
    expect(await readiness(address)).toBe(200);
    expect(await update(address)).toBe('AUDIT_UNAVAILABLE');
    expect(await update(address)).toBe('AUDIT_UNAVAILABLE');
    expect(await patches(simulator)).toEqual([]);
    expect(await readiness(address)).toBe(503);
    expect(await status(address, '/healthz')).toBe(200);
    expect(program.stderr.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 50, err: { code: 'ENOSPC' }, msg: 'the audit trail cannot be written' },
    ]);
    const metricsUrl = /http:\S+\/metrics/.exec(await program.line('serving metrics'))?.[0] ?? '';
    const samples = await scrape(new URL(metricsUrl.replace(/".*/, '')));
    expect(total(samples, 'audit_trail_up')).toBe(0);
    expect(total(samples, 'audit_write_failures_total')).toBeGreaterThanOrEqual(2);

    unlinkSync(path('trail'));
    program.child.kill('SIGHUP');
    await untilReady(address);
    expect(await update(address)).toBe('OK');
    const lines = linesOf(path('trail'));
    expect(lines[0]).toMatchObject({ log: 'audit', event: 'interrupted' });
    expect(phase(lines, 'outcome')).toMatchObject([{ outcome: 'applied' }]);
  });

  test('to a disk that fills up in the middle of a line, which is completed later', async () => {
    const port = await freePort();
    const script = `ulimit -S -f 8; exec "${process.execPath}" ${main}`;
    const env = { PATH: process.env['PATH'], ...settings({ PORT: port, AUDIT_LOG: path('trail') }) };
    const running = startProcess('bash', ['-c', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    processes.push(running);
    running.child.stdout?.resume();
    const address = `http://127.0.0.1:${port}`;
    await expect.poll(() => status(address, '/healthz').catch(() => 0), { timeout: 30_000 }).toBe(200);
    const reasons: string[] = [];
    while (!reasons.includes('AUDIT_UNAVAILABLE') && reasons.length < 40)
      reasons.push(await update(address, reasons.length));
    expect(statSync(path('trail')).size).toBe(8192);
    expect(await readiness(address)).toBe(503);
    execFileSync('prlimit', ['--pid', String(running.pid), '--fsize=unlimited:']);
    await untilReady(address);
    expect(await update(address, 99)).toBe('OK');
    const lines = linesOf(path('trail'));
    expect(lines.some((line) => line['event'] === 'interrupted')).toBe(true);
    const sent = await patches(simulator);
    expect(phase(lines, 'intent').length).toBeGreaterThanOrEqual(sent.length);
    expect(phase(lines, 'outcome').filter((line) => line['outcome'] === 'applied')).toHaveLength(sent.length);
  });

  test('to a pipe that nobody reads, and accepted when it is read', async () => {
    fifo = createFifo(path('pipe'));
    const { address, stderr } = await startWithStdout(fifo.blockingFd);
    fifo.read();
    expect(await update(address)).toBe('OK');
    let text = fifo.read();
    fifo.fill();
    expect(await update(address)).toBe('AUDIT_UNAVAILABLE');
    expect(await patches(simulator)).toHaveLength(1);
    expect(await readiness(address)).toBe(503);
    expect(stderr()).toContain('cannot be written');
    text += fifo.read();
    await untilReady(address);
    expect(await update(address)).toBe('OK');
    text += fifo.read();
    expect(phase(parseLines(text), 'outcome').filter((line) => line['outcome'] === 'applied')).toHaveLength(2);
  });

  test('to a pipe that was closed, and the process stops on SIGTERM', async () => {
    const program = start();
    const address = await addressOf(program);
    program.child.stdout?.destroy();
    await expect.poll(() => update(address)).toBe('AUDIT_UNAVAILABLE');
    expect(await readiness(address)).toBe(503);
    const sent = (await patches(simulator)).length;
    expect(await update(address)).toBe('AUDIT_UNAVAILABLE');
    expect(await patches(simulator)).toHaveLength(sent);
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
  });

  test.each(['ignore', 'full'] as const)('to a stdout that is %s', async (kind) => {
    const full = openSync('/dev/full', 'w');
    const { address, child, exited } = await startWithStdout(kind === 'ignore' ? kind : full);
    closeSync(full);
    expect(await update(address)).toBe('AUDIT_UNAVAILABLE');
    expect(await readiness(address)).toBe(503);
    expect(await patches(simulator)).toEqual([]);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});

test('a write whose outcome cannot be written is reported as unknown, and its outcome is written later', async () => {
  fifo = createFifo(path('pipe'));
  const address = await addressOf(start({ AUDIT_LOG: path('pipe') }));
  await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 1500 });
  const reason = update(address, 43);
  await expect.poll(() => patches(simulator)).toHaveLength(1);
  let text = fifo.read();
  expect(parseLines(text)).toMatchObject([{ phase: 'intent', counts: { successDeviceCount: 43 } }]);
  fifo.fill();
  expect(await reason).toBe('OUTCOME_UNKNOWN');
  expect(await readiness(address)).toBe(503);
  fifo.read();
  await untilReady(address);
  text = fifo.read();
  expect(phase(parseLines(text), 'outcome')).toMatchObject([{ outcome: 'applied' }]);
  expect(await update(address, 44)).toBe('OK');
});

describe('a file', () => {
  test('is opened again on SIGHUP, after it was renamed', async () => {
    const program = start({ AUDIT_LOG: path('trail') });
    const address = await addressOf(program);
    expect(await update(address, 50)).toBe('OK');
    renameSync(path('trail'), path('trail.1'));
    program.child.kill('SIGHUP');
    await program.line('opened again');
    expect(await update(address, 51)).toBe('OK');
    expect(linesOf(path('trail.1'))).toHaveLength(2);
    expect(linesOf(path('trail'))).toMatchObject([{ counts: { successDeviceCount: 51 } }, { outcome: 'applied' }]);
  });

  test('with an incomplete last line is continued on a line of its own', async () => {
    writeFileSync(path('trail'), '{"log":"audit"}\n{"log":"aud');
    const address = await addressOf(start({ AUDIT_LOG: path('trail') }));
    expect(await update(address)).toBe('OK');
    const [, torn, ...others] = execFileSync('cat', [path('trail')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(torn).toBe('{"log":"aud');
    expect(parseLines(others.join('\n'))).toHaveLength(2);
  });

  test('that cannot be opened ends the process with a message', async () => {
    const program = start({ AUDIT_LOG: path('missing/trail') });
    expect(await program.exited).toBe(1);
    expect(program.stderr.join('\n')).toContain('AUDIT_LOG: must be');
  });
});
