import { expect, test } from 'vitest';
import { intuneMessage, patch, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { graph, control, write, entries } = simulated;

const justification = Buffer.from('Überfällig').toString('base64');

test('a write needs a justification, is queued, and is applied once after the approval', async () => {
  await control('PATCH', '/settings', { approval: true });
  expect(intuneMessage(await write())).toContain('x-msft-approval-justification');
  const queued = await write({ 'x-msft-approval-justification': justification });
  expect(queued.status).toBe(412);
  const code = queued.headers.get('x-msft-approval-code') ?? '';
  expect(intuneMessage(queued)).toContain(code);
  expect((await control('GET', '/approvals')).json).toMatchObject({
    approvals: [{ code, method: 'PATCH', justification: 'Überfällig', approved: false }],
  });

  const headers = { 'x-msft-approval-justification': justification, 'x-msft-approval-code': code };
  const early = await write(headers);
  expect([early.status, early.headers.get('x-msft-approval-code')]).toEqual([412, code]);
  expect((await control('POST', `/approvals/${code}`)).status).toBe(204);

  const other = await graph(simulated.statePath, { method: 'PATCH', body: { successDeviceCount: 5 }, headers });
  expect(other.status).toBe(412);
  expect(other.headers.get('x-msft-approval-code')).not.toBe(code);
  expect((await write(headers)).json).toMatchObject(patch);
  expect((await write(headers)).status).toBe(412);
  expect((await entries()).map(({ applied }) => applied)).toEqual([false, false, false, false, true, false]);
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

test('a write queued by a fault needs approval too', async () => {
  const queued = await write({ 'x-simulator-fault': 'approval-pending' });
  const headers = { 'x-msft-approval-code': queued.headers.get('x-msft-approval-code') ?? '' };
  expect((await write(headers)).status).toBe(412);
  await control('POST', `/approvals/${headers['x-msft-approval-code']}`);
  expect((await write(headers)).status).toBe(200);
});

test('an unknown code cannot be approved', async () => {
  expect((await control('POST', '/approvals/unknown')).status).toBe(404);
});
