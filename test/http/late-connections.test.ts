import { Agent, request } from 'node:http';
import { expect, test } from 'vitest';
import { startTestService } from '../support/service.js';

/** Sends a request with a connection of its own. @returns the status, or the code of the error */
const get = (url: string): Promise<number | string | undefined> =>
  new Promise((resolve) => {
    request(url, { agent: new Agent({ keepAlive: false }) }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      .end();
  });

test('a service that stops responds to the requests of all connections that were established', async () => {
  const service = await startTestService();
  const responses = Array.from({ length: 100 }, () => get(`${service.address}/healthz`));
  // In the same iteration of the event loop: none of the connections has been accepted.
  const stopped = service.stop();
  expect(await Promise.all(responses)).toEqual(responses.map(() => 200));
  await stopped;
  expect(await get(`${service.address}/healthz`)).toBe('ECONNREFUSED');
});
