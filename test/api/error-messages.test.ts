import { describe, expect, test, vi } from 'vitest';
import { failure } from '../support/failure.js';
import { patches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { call, procedures, validInputs } from '../support/raw-calls.js';
import { liveSettings, startTestService } from '../support/service.js';
import { useKnownState } from '../support/states.js';
import { startTestApp } from '../support/test-app.js';

const pair = usePair();
const known = useKnownState(pair);

/** Parts of Graph's messages that users must not see. */
const internals = /fef\.|https?:|Activity ID|Operation ID|[{}<>]|[0-9a-f]{8}-/i;

const get = () => pair.service.client.scriptUserState.get.query(known.target);
const update = (more: object = {}) =>
  pair.service.client.scriptUserState.update.mutate({ ...known.target, patch: { successDeviceCount: 41 }, ...more });

test('without a session every procedure is rejected, whatever its input', async () => {
  const service = await startTestService({
    ...liveSettings(pair.simulator, 'token'),
    SIGN_IN: 'oidc',
    OIDC_ISSUER: 'https://login.example/tenant',
    OIDC_CLIENT_ID: 'client',
    OIDC_CLIENT_SECRET: 'a client secret',
    SESSION_SECRET: 'x'.repeat(32),
  });
  try {
    for (const procedure of [...procedures, 'session.current'] as const) {
      const input = procedure === 'session.current' ? {} : validInputs[procedure];
      for (const some of [input, {}, null]) {
        const { status, reason } = await call(service, procedure, JSON.stringify(some));
        expect({ procedure, status, reason }).toEqual({ procedure, status: 401, reason: 'SIGN_IN_REQUIRED' });
      }
    }
    expect(await pair.simulator.journal()).toEqual([]);
  } finally {
    await service.stop();
  }
});

test('CLIENT_CLOSED: a client that disconnects during a call is logged', async () => {
  await pair.simulator.fault({ fault: 'stall', times: 'always', method: 'GET' });
  const controller = new AbortController();
  const aborted = pair.service.client.scriptUserState.get.query(known.target, { signal: controller.signal });
  await vi.waitFor(async () => expect(await pair.simulator.journal()).toHaveLength(1));
  controller.abort();
  await expect(aborted).rejects.toThrow();
  await expect
    .poll(() => pair.service.lines({ reason: 'CLIENT_CLOSED' }))
    .toMatchObject([{ procedure: 'scriptUserState.get', requestId: expect.any(String) as unknown }]);
});

test('INTERNAL: the log has the cause under the request id, the response does not', async () => {
  const app = await startTestApp({
    authenticate: () => Promise.reject(new Error('a defect in a part')),
    graphUrl: pair.simulator.baseUrl,
  });
  const { requestId, ...answer } = await failure(app.client.scriptUserState.get.query(known.target));
  await app.stop();
  expect(JSON.stringify(answer)).not.toContain('a defect in a part');
  const lines = app.logged.filter((line) => line.includes(requestId) && line.includes('a defect in a part'));
  expect(lines).toHaveLength(1);
});

test("Graph's message for users is passed on without URLs, ids or markup", async () => {
  await pair.simulator.fault({ fault: 'rejected', method: 'PATCH' });
  const { message } = await failure(update());
  expect(message).toMatch(/One or more of the values are not acceptable$/);
  expect(message).not.toMatch(internals);
});

test.each(['bad-gateway', 'gateway-timeout', 'server-error', 'throttled', 'forbidden-user'] as const)(
  'no page, URL or nested error of Graph is passed on after %s',
  async (fault) => {
    await pair.simulator.fault({ fault, times: 'always', delayMs: 17_000 });
    const { message } = await failure(get());
    expect(message).not.toMatch(internals);
  },
);

describe('approval', () => {
  test('an update needs a justification, then an approval, and then it is applied', async () => {
    const { simulator, service } = pair;
    await simulator.settings({ approval: true });
    try {
      const values = { successDeviceCount: 77 };
      const send = (approval?: object) => update({ patch: values, ...(approval && { approval }) });
      const justification = 'Ticket 4711: grüße';
      expect(await failure(send())).toMatchObject({ reason: 'APPROVAL_JUSTIFICATION_REQUIRED' });
      const { reason, approvalCode: code = '' } = await failure(send({ justification }));
      expect(reason).toBe('APPROVAL_PENDING');
      expect(code).toMatch(/^[0-9a-f-]{36}$/);
      expect(await failure(send({ code }))).toMatchObject({
        reason: 'APPROVAL_PENDING',
        approvalCode: code,
      });
      await simulator.approve(code);
      expect(await send({ code })).toMatchObject(values);
      expect(await get()).toMatchObject(values);
      const sent = await patches(simulator);
      expect(sent.map(({ applied }) => applied)).toEqual([false, false, false, true]);
      expect(service.outcomes({ outcome: 'pending-approval' })).toHaveLength(2);
    } finally {
      await simulator.settings({ approval: false });
    }
  });
});
