import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { Pool } from 'undici';
import { type Call, findResponseError } from './calls.js';
import type { FixedRateLoad, FullSpeedLoad, LoadResult, LoadSpec } from './load.js';

/** Every connection has its own states, so that no state is updated by two calls at a time. */
async function runAtFullSpeed({ url, calls, connections, amount }: FullSpeedLoad): Promise<LoadResult> {
  const errors: string[] = [];
  let responses = 0;
  const requests = calls.map((call) => ({
    ...call,
    onResponse(status: number, body: string) {
      responses++;
      const error = findResponseError(call, status, body);
      if (error !== undefined) errors.push(error);
    },
  }));
  let clients = 0;
  const result = await autocannon({
    url,
    connections,
    amount,
    sampleInt: 50,
    timeout: 30,
    setupClient(client) {
      const own = clients++ % connections;
      client.setRequests(requests.filter((_, index) => index % connections === own));
    },
  });
  const failed = result.errors + result.timeouts;
  if (failed > 0) errors.push(`${result.errors} connection errors, ${result.timeouts} timeouts`);
  if (result['2xx'] !== amount || responses !== amount) {
    errors.push(`expected ${amount} successful responses, got ${result['2xx']} of ${responses}`);
  }
  return { errors, latenciesMs: [] };
}

/** Sends calls on time, whether or not earlier ones have a response, over as many connections as that needs. */
async function runAtFixedRate({ url, calls, perSecond, amount }: FixedRateLoad): Promise<LoadResult> {
  const pool = new Pool(url);
  const errors: string[] = [];
  const latenciesMs: number[] = [];
  const send = async (call: Call): Promise<void> => {
    const startedAt = performance.now();
    const { statusCode, body } = await pool.request(call);
    const text = await body.text();
    latenciesMs.push(performance.now() - startedAt);
    const error = findResponseError(call, statusCode, text);
    if (error !== undefined) errors.push(error);
  };
  const inFlight: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let sent = 0; sent < amount; sent++) {
    const delayMs = startedAt + (sent * 1000) / perSecond - performance.now();
    if (delayMs > 0) await sleep(delayMs);
    const call = calls[sent % calls.length];
    if (call !== undefined) inFlight.push(send(call).catch((error: unknown) => void errors.push(String(error))));
  }
  await Promise.all(inFlight);
  await pool.close();
  return { errors, latenciesMs };
}

process.on('message', (spec: LoadSpec) => {
  const work = spec.kind === 'full speed' ? runAtFullSpeed(spec) : runAtFixedRate(spec);
  work.then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ errors: [String(error)], latenciesMs: [] } satisfies LoadResult),
  );
});
process.on('disconnect', () => process.exit());
