import { expect, test } from 'vitest';
import { approvalStatuses } from '../../src/simulator/graph/approvals.js';
import {
  batchBody,
  type Call,
  intuneMessage,
  issuedToken,
  list,
  patch,
  useSimulatedGraph,
} from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { graph, control, write, entries, sendBatch, updates } = simulated;

const justification = { 'x-msft-approval-justification': Buffer.from('Überfällig').toString('base64') };
const update = (body: unknown, headers: Call['headers'] = {}) =>
  graph(simulated.statePath, { method: 'PATCH', body, headers });
const setStatus = (code: string, status: string) => control('PATCH', `/approvals/${code}`, { status });

/** Turns approval on and files {@link patch}; returns the code and the header to complete it. */
async function fileUpdate() {
  await control('PATCH', '/settings', { approval: true });
  const code = (await write(justification)).headers.get('x-msft-approval-code') ?? '';
  return { code, completion: { 'x-msft-approval-code': code } };
}

test('a write needs a justification, is filed, and is applied once after the approval', async () => {
  await control('PATCH', '/settings', { approval: true });
  expect(intuneMessage(await write())).toContain('x-msft-approval-justification');
  const filed = await write(justification);
  expect(filed.status).toBe(412);
  const code = filed.headers.get('x-msft-approval-code') ?? '';
  expect(intuneMessage(filed)).toContain(code);
  expect((await control('GET', '/approvals')).json).toMatchObject({
    approvals: [{ code, method: 'PATCH', justification: 'Überfällig', status: 'needsApproval' }],
  });

  const completion = { 'x-msft-approval-code': code };
  const early = await write(completion);
  expect([early.status, early.headers.get('x-msft-approval-code')]).toEqual([412, code]);
  expect((await control('POST', `/approvals/${code}`)).status).toBe(204);
  expect((await write(completion)).json).toMatchObject(patch);
  expect((await write(completion)).status).toBe(403);
  expect((await entries()).map(({ applied }) => applied)).toEqual([false, false, false, true, false]);
});

test('both headers together file another request and complete none', async () => {
  const { code, completion } = await fileUpdate();
  await control('POST', `/approvals/${code}`);
  const both = await write({ ...justification, ...completion });
  expect([both.status, both.headers.get('x-msft-approval-code')]).toEqual([409, null]);
  expect(intuneMessage(both)).toMatch(/^An active Approval Request already exists for this entity/);
  expect((await control('GET', '/approvals')).json).toMatchObject({
    approvals: [{ code, status: 'approved' }, { status: 'needsApproval' }],
  });
  expect((await write(completion)).json).toMatchObject(patch);
});

test('a code is valid only for the same change of the same identity', async () => {
  const { code, completion } = await fileUpdate();
  await control('POST', `/approvals/${code}`);
  const other = issuedToken.parse((await control('POST', '/token', { identity: 'other' })).json).token;
  const attempts = [
    await update({ successDeviceCount: 5 }, completion),
    await graph(simulated.statePath, { method: 'DELETE', headers: completion }),
    await graph(simulated.statePath, { method: 'PATCH', body: patch, headers: completion, token: other }),
    await write({ 'x-msft-approval-code': 'unknown' }),
  ];
  for (const reply of attempts) {
    expect([reply.status, reply.headers.get('x-msft-approval-code')]).toEqual([403, null]);
    expect(intuneMessage(reply)).not.toMatch(/approval/i);
  }
  // A new token of the same application has the same identity.
  const renewed = issuedToken.parse((await control('POST', '/token', {})).json).token;
  const completed = { method: 'PATCH', body: patch, headers: completion, token: renewed };
  expect((await graph(simulated.statePath, completed)).status).toBe(200);
});

test('the same change is filed once while its request is active', async () => {
  const { code } = await fileUpdate();
  const reordered = Object.fromEntries(Object.entries(patch).toReversed());
  expect((await update(reordered, justification)).status).toBe(409);
  expect((await update({ successDeviceCount: 5 }, justification)).status).toBe(412);
  await setStatus(code, 'rejected');
  expect((await write(justification)).status).toBe(412);
});

test.each(approvalStatuses)('a request with the status %s', async (status) => {
  const { code, completion } = await fileUpdate();
  expect((await setStatus(code, status)).status).toBe(204);
  const expected = { needsApproval: 412, approved: 200, rejected: 403, cancelled: 403, completed: 403, expired: 403 };
  const path = `/deviceManagement/operationApprovalRequests?$filter=requestId eq '${code}'`;
  const roles = ['DeviceManagementRBAC.Read.All'];
  const { token } = issuedToken.parse((await control('POST', '/token', { roles })).json);
  const withoutPermission = { roles: ['DeviceManagementScripts.ReadWrite.All'] };
  const other = issuedToken.parse((await control('POST', '/token', withoutPermission)).json);
  expect((await graph(path, { token: other.token })).status).toBe(403);
  expect(list.parse((await graph(path, { token })).json).value).toMatchObject([{ requestId: code, status }]);
  expect(list.parse((await graph(path.replace(code, 'unknown'), { token })).json).value).toEqual([]);
  expect((await graph(path.replace('requestId', 'id'), { token })).status).toBe(400);
  expect((await write(completion)).status).toBe(expected[status]);
});

test('creations and deletions need approval too', async () => {
  await control('PATCH', '/settings', { approval: true });
  for (const [path, call] of [
    [simulated.statesPath, { method: 'POST', body: { successDeviceCount: 1 } }],
    [simulated.statePath, { method: 'DELETE' }],
  ] as const) {
    const filed = await graph(path, { ...call, headers: justification });
    const code = filed.headers.get('x-msft-approval-code') ?? '';
    await control('POST', `/approvals/${code}`);
    const headers = { 'x-msft-approval-code': code };
    expect((await graph(path, { ...call, headers })).status).toBe(call.method === 'POST' ? 201 : 204);
  }
});

test('the response to a batch item has the code only in its message', async () => {
  await control('PATCH', '/settings', { approval: true });
  const { responses } = batchBody.parse((await sendBatch(updates(justification))).json);
  const filed = responses.find(({ id }) => id === 'first');
  expect(filed?.status).toBe(403);
  expect(filed?.headers).not.toHaveProperty('x-msft-approval-code');
  const code = /Approval Required\. x-msft-approval-code: ([0-9a-f-]{36})/.exec(JSON.stringify(filed?.body))?.[1] ?? '';
  await control('POST', `/approvals/${code}`);
  const { responses: completed } = batchBody.parse((await sendBatch(updates({ 'x-msft-approval-code': code }))).json);
  expect(completed.find(({ id }) => id === 'first')).toMatchObject({ status: 200, body: patch });
});

test.each(['not base64!', Buffer.from('x'.repeat(1025)).toString('base64'), Buffer.from([0xff]).toString('base64')])(
  'rejects the justification %#',
  async (text) => {
    await control('PATCH', '/settings', { approval: true });
    expect((await write({ 'x-msft-approval-justification': text })).status).toBe(400);
    expect((await control('GET', '/approvals')).json).toEqual({ approvals: [] });
  },
);

test('reads need no approval, and the headers have no effect if approval is off', async () => {
  expect((await write({ 'x-msft-approval-code': 'any' })).status).toBe(200);
  await control('PATCH', '/settings', { approval: true });
  expect((await graph(simulated.statePath)).status).toBe(200);
});

test('a write filed by a fault needs approval too', async () => {
  const filed = await write({ 'x-simulator-fault': 'approval-pending' });
  const headers = { 'x-msft-approval-code': filed.headers.get('x-msft-approval-code') ?? '' };
  expect((await write(headers)).status).toBe(412);
  await control('POST', `/approvals/${headers['x-msft-approval-code']}`);
  expect((await write(headers)).status).toBe(200);
});

test('requests can be removed', async () => {
  const { completion } = await fileUpdate();
  expect((await control('DELETE', '/approvals')).status).toBe(204);
  expect((await control('GET', '/approvals')).json).toEqual({ approvals: [] });
  expect((await write(completion)).status).toBe(403);
  expect((await write(justification)).status).toBe(412);
});

test('an unknown code cannot be approved, and an unknown status cannot be set', async () => {
  expect((await control('POST', '/approvals/unknown')).status).toBe(404);
  expect((await setStatus('unknown', 'approved')).status).toBe(404);
  const { code } = await fileUpdate();
  expect((await setStatus(code, 'lost')).status).toBe(400);
});
