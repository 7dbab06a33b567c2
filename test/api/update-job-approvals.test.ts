import { expect, test } from 'vitest';
import { startPair } from '../support/pair.js';
import { startTestService, type TestService } from '../support/service.js';
import { oneState } from '../support/states.js';

// The service reads approvals for the first time after 30 s.
const slowly = { interval: 200, timeout: 120_000 };

/** Starts a job of one row that waits for approval. @returns its id, and the code of the row */
async function fileChange({ client }: TestService): Promise<readonly [string, string]> {
  const { target } = await oneState({ client });
  const updates = [{ ...target, patch: { successDeviceCount: 4711 } }];
  const { jobId } = await client.updateJob.start.mutate({ updates, justification: 'wrong count' });
  const state = async () => (await client.updateJob.get.query({ jobId })).state;
  await expect.poll(state, slowly).toBe('waiting-for-approval');
  const [row] = (await client.updateJob.results.query({ jobId })).items;
  return [jobId, row?.approvalCode ?? expect.fail('no code')];
}

test('a change is completed once it has been approved; without the permission, the log says why it is not', async () => {
  const service = await startTestService();
  const { client } = service;
  const other = await startPair();
  await Promise.all([service.simulator, other.simulator].map((each) => each.settings({ approval: true })));
  const [jobId, code] = await fileChange(service);
  const [waiting, waitingCode] = await fileChange(other.service);
  await Promise.all([service.simulator.approve(code), other.simulator.approve(waitingCode)]);

  await expect.poll(async () => (await client.updateJob.get.query({ jobId })).state, slowly).toBe('done');
  expect((await client.updateJob.results.query({ jobId })).items).toMatchObject([
    { outcome: 'applied', userState: { successDeviceCount: 4711 } },
  ]);
  expect((await client.activity.list.query({ jobId })).items.map(({ outcome }) => outcome)).toEqual([
    'applied',
    'pending-approval',
  ]);

  const warnings = () => other.service.lines({ missing: 'DeviceManagementRBAC.Read.All' });
  await expect.poll(warnings, slowly).toHaveLength(1);
  expect(warnings()).toMatchObject([
    { level: 40, reason: 'GRAPH_PERMISSION_MISSING', msg: expect.stringContaining('resumes') as string },
  ]);
  const { updateJob } = other.service.client;
  expect(await updateJob.get.query({ jobId: waiting })).toMatchObject({ state: 'waiting-for-approval' });
  await updateJob.resume.mutate({ jobId: waiting });
  await expect.poll(async () => (await updateJob.get.query({ jobId: waiting })).state, slowly).toBe('done');
  await service.stop();
  await other.stop();
}, 240_000);
