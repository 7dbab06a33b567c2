import { expect, test } from 'vitest';
import { readMany, rowsOf } from '../support/bulk.js';
import { clientWith, createStreamClient } from '../support/clients.js';
import type { Controls } from '../support/controls.js';
import { startDelegated } from '../support/delegated.js';
import { patches } from '../support/journal.js';
import { startTestService, type TestService } from '../support/service.js';
import { manyStates } from '../support/states.js';
import { createSignedInUserAgent, type UserAgent } from '../support/user-agent.js';

interface SignedIn {
  readonly service: TestService;
  readonly simulator: Controls;
  readonly agent: UserAgent;
  readonly stop: () => Promise<void>;
}

/** A user whose calls reach Graph with the token of the service. */
async function withServiceToken(): Promise<SignedIn> {
  const service = await startTestService({
    SIGN_IN: 'oidc',
    SESSION_SECRET: 'x'.repeat(32),
    GRAPH_DEADLINE_MS: '3000',
  });
  return {
    service,
    simulator: service.simulator,
    agent: await createSignedInUserAgent(service),
    stop: () => service.stop(),
  };
}

/** A user whose calls reach Graph with their own token. */
async function withOwnToken(): Promise<SignedIn> {
  const pair = await startDelegated();
  const { agent } = await pair.signIn();
  return { service: pair.service, simulator: pair.simulator, agent, stop: () => pair.stop() };
}

test.each([
  ['the token of the service', withServiceToken],
  ['the token of the user', withOwnToken],
])('with %s, waiting rows are not sent after the user has signed out', async (_, start) => {
  const { service, simulator, agent, stop } = await start();
  const states = await manyStates({ client: clientWith(service, () => agent.cookies()) }, 21);
  const client = createStreamClient(service, { cookie: agent.cookies().join('; ') });
  const [first, ...rows] = rowsOf(states, 1000);
  // After a 429 every bulk update pauses, also one that starts later.
  await simulator.fault({ fault: 'throttled', method: 'PATCH', delayMs: 10_000 });
  await readMany(client, { updates: first === undefined ? [] : [first] }).finished;
  const running = readMany(client, { updates: rows });
  await expect.poll(() => running.events).toEqual([{ type: 'progress', done: 0, total: 20 }]);
  await agent.signOut();
  const results = await running.finished;
  expect(results).toMatchObject(rows.map(() => ({ ok: false, error: { data: { reason: 'SIGN_IN_REQUIRED' } } })));
  expect(await patches(simulator)).toHaveLength(1);
  expect(service.outcomes({ outcome: 'rejected', reason: 'SIGN_IN_REQUIRED' })).toHaveLength(20);
  await stop();
});
