import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { Pool } from 'undici';
import { type Call, faultOf } from './calls.js';
import type { AtFullSpeed, AtRate, LoadOrder, LoadResult } from './load.js';

/** Every connection has states of its own, so that no two calls on one state are under way at a time. */
async function atFullSpeed({ url, calls, connections, amount }: AtFullSpeed): Promise<LoadResult> {
  const faults: string[] = [];
  let answers = 0;
  const requests = calls.map((call) => ({
    ...call,
    onResponse(status: number, body: string) {
      answers++;
      const fault = faultOf(call, status, body);
      if (fault !== undefined) faults.push(fault);
    },
  }));
  let clients = 0;
  const {
    errors,
    timeouts,
    '2xx': good,
  } = await autocannon({
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
  if (errors + timeouts > 0) faults.push(`${errors} connection errors, ${timeouts} time-outs`);
  if (good !== amount || answers !== amount) faults.push(`${good} good answers of ${answers}, wanted ${amount}`);
  return { faults, latenciesMs: [] };
}

/** Calls leave on time whether or not earlier ones have been answered: connections are opened as they are needed. */
async function atRate({ url, calls, perSecond, amount }: AtRate): Promise<LoadResult> {
  const pool = new Pool(url);
  const faults: string[] = [];
  const latenciesMs: number[] = [];
  const send = async (call: Call): Promise<void> => {
    const startedAt = performance.now();
    const { statusCode, body } = await pool.request(call);
    const text = await body.text();
    latenciesMs.push(performance.now() - startedAt);
    const fault = faultOf(call, statusCode, text);
    if (fault !== undefined) faults.push(fault);
  };
  const underWay: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let sent = 0; sent < amount; sent++) {
    const early = startedAt + (sent * 1000) / perSecond - performance.now();
    if (early > 0) await sleep(early);
    const call = calls[sent % calls.length];
    if (call !== undefined) underWay.push(send(call).catch((error: unknown) => void faults.push(String(error))));
  }
  await Promise.all(underWay);
  await pool.close();
  return { faults, latenciesMs };
}

process.on('message', (order: LoadOrder) => {
  const work = order.kind === 'full speed' ? atFullSpeed(order) : atRate(order);
  work.then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ faults: [String(error)], latenciesMs: [] } satisfies LoadResult),
  );
});
process.on('disconnect', () => process.exit());
