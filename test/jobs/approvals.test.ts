import { describe, expect, test } from 'vitest';
import { batches, patches } from '../support/journal.js';
import { useSimulatedJobs } from '../support/simulated-jobs.js';

const simulated = useSimulatedJobs();
const slowly = { interval: 10, timeout: 60_000 };
const { start, until, rows } = {
  start: (count: number) => simulated.start(count, 'wrong counts'),
  until: (...args: Parameters<typeof simulated.until>) => simulated.until(...args),
  rows: (jobId: string) => simulated.rows(jobId),
};

/** Starts a job whose rows are filed for approval. @returns its id and the codes of the rows */
async function fileJob(count: number): Promise<readonly [string, readonly string[]]> {
  await simulated.simulator.settings({ approval: true });
  const jobId = await start(count);
  await until(jobId, 'waiting-for-approval');
  return [jobId, (await rows(jobId)).map(({ approvalCode }) => approvalCode ?? expect.fail('no code'))];
}

/** How often Graph was asked for approvals. */
async function reads(): Promise<number> {
  const journal = await simulated.simulator.journal();
  return journal.filter(({ path }) => path.includes('operationApprovalRequests')).length;
}

describe('a job that waits for approval', () => {
  test('of one row continues after the approval', async () => {
    const [jobId, [code = '']] = await fileJob(1);
    await expect.poll(reads, slowly).toBeGreaterThan(2);
    expect(await simulated.jobs.get(jobId)).toMatchObject({ state: 'waiting-for-approval' });
    await simulated.simulator.approve(code);
    expect((await until(jobId, 'done')).counts).toMatchObject({ applied: 1 });
    const [filed, completed] = await patches(simulated.simulator);
    expect(completed?.body).toEqual(filed?.body);
    expect(completed?.approval).toEqual({ justification: null, code });
  });

  test('completes each row when it has been approved, and reads the approvals in batches', async () => {
    const [jobId, codes] = await fileJob(30);
    expect(codes.length).toBeGreaterThan(20);
    for (const code of codes.slice(0, 10)) await simulated.simulator.approve(code);
    await expect.poll(async () => (await simulated.jobs.get(jobId)).counts.applied, slowly).toBe(10);
    expect((await until(jobId, 'waiting-for-approval')).counts).toMatchObject({
      'pending-approval': codes.length - 10,
    });
    for (const code of codes.slice(10)) await simulated.simulator.approve(code);
    expect((await until(jobId, 'done')).counts).toMatchObject({ applied: codes.length });
    const sizes = (await batches(simulated.simulator))
      .filter(([first]) => first?.path.includes('operationApprovalRequests'))
      .map((items) => items.length);
    expect(Math.max(...sizes)).toBe(20);
    // Each row was filed once and completed once.
    expect(await patches(simulated.simulator)).toHaveLength(2 * codes.length);
  });

  test.each([
    ['rejected', 'was rejected'],
    ['cancelled', 'was cancelled'],
    ['expired', 'has expired'],
  ] as const)('ends if its row was %s, and files it again when it is resumed', async (status, text) => {
    const [jobId, [code = '']] = await fileJob(1);
    await simulated.simulator.setApproval(code, status);
    expect((await until(jobId, 'done')).counts).toMatchObject({ rejected: 1 });
    const publicMessage = expect.stringContaining(text) as string;
    expect((await rows(jobId))[0]?.failure).toMatchObject({
      reason: 'GRAPH_REJECTED',
      details: { publicMessage, approvalCode: code },
    });
    await simulated.jobs.resume(jobId, simulated.actor);
    await until(jobId, 'waiting-for-approval');
    expect((await rows(jobId))[0]?.approvalCode).not.toBe(code);
  });

  test('reads the result of a row that has been completed', async () => {
    const [jobId, [code = '']] = await fileJob(1);
    const [filed] = await patches(simulated.simulator);
    await simulated.simulator.settings({ approval: false });
    const [target] = simulated.states;
    await simulated.graph.userStates.update(target ?? expect.fail('no state'), filed?.body as object, simulated);
    await simulated.simulator.setApproval(code, 'completed');
    expect((await until(jobId, 'done')).counts).toMatchObject({ applied: 1 });
    expect(await patches(simulated.simulator)).toHaveLength(2);
  });

  test('continues after Graph was unavailable', async () => {
    const [jobId, [code = '']] = await fileJob(1);
    await simulated.simulator.fault({ fault: 'unavailable', path: 'operationApprovalRequests', times: 4 });
    await simulated.simulator.approve(code);
    expect((await until(jobId, 'done')).counts).toMatchObject({ applied: 1 });
  });

  test('ends when it is cancelled', async () => {
    const [jobId] = await fileJob(2);
    await simulated.jobs.cancel(jobId);
    expect((await until(jobId, 'cancelled')).counts).toMatchObject({ 'pending-approval': 2 });
  });

  test('waits for sign-in if its user has lost the role, even after an approval', async () => {
    const [jobId, [code = '']] = await fileJob(1);
    simulated.setMayWrite(false);
    await simulated.simulator.approve(code);
    await until(jobId, 'waiting-for-sign-in');
    expect(await patches(simulated.simulator)).toHaveLength(1);
    simulated.setMayWrite(true);
    await simulated.jobs.resume(jobId, simulated.actor);
    expect((await until(jobId, 'done')).counts).toMatchObject({ applied: 1 });
  });
});

test('without the permission, approvals are read once for each job, one warning is logged, and users resume the jobs', async () => {
  await simulated.simulator.register('token-of-jobs', ['DeviceManagementScripts.ReadWrite.All']);
  const [first, [code = '']] = await fileJob(1);
  await expect.poll(reads, slowly).toBe(1);
  await simulated.simulator.clearApprovals();
  const second = await start(1);
  await until(second, 'waiting-for-approval');
  await expect.poll(reads, slowly).toBe(2);
  expect(simulated.hidden).toMatchObject([{ reason: 'GRAPH_PERMISSION_MISSING' }]);
  expect(code).not.toBe('');
  const [secondRow] = await rows(second);
  await simulated.simulator.approve(secondRow?.approvalCode ?? '');
  await simulated.jobs.resume(second, simulated.actor);
  expect((await until(second, 'done')).counts).toMatchObject({ applied: 1 });
  expect(await simulated.jobs.get(first)).toMatchObject({ state: 'waiting-for-approval' });
});
