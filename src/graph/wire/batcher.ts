import { createBatch, type PendingRequest } from './batch.js';
import { isQueuedForApproval } from './error-response.js';
import type { GraphResponse, Transport } from './transport.js';

/** Graph takes this many requests in one batch. */
const maxItems = 20;

/**
 * Sends what is ready together, in one turn of the event loop, as one `$batch`, and what is alone, alone. Each request
 * ends in its own way: with its own answer, or with what became of the whole batch.
 *
 * @param basePath with the version, `/beta/`
 * @see https://learn.microsoft.com/graph/json-batching
 */
export function createBatcher(transport: Pick<Transport, 'send'>, basePath: string): Pick<Transport, 'send'> {
  let ready: PendingRequest[] = [];

  function flush(): void {
    const items = ready;
    ready = [];
    // Alone, they find out that nobody waits any more.
    for (const item of items) if (item.limit.caller?.aborted) sendAlone(item);
    // Tokens differ when one has been replaced while a call waited.
    for (const token of new Set(items.map((item) => item.token))) {
      const own = items.filter((item) => item.token === token && !item.limit.caller?.aborted);
      for (let from = 0; from < own.length; from += maxItems) {
        const together = own.slice(from, from + maxItems);
        if (together.length === 1) together.forEach(sendAlone);
        else void sendTogether(together, token);
      }
    }
  }

  function sendAlone({ request, token, limit, resolve, reject }: PendingRequest): void {
    transport.send(request, token, limit).then(resolve, reject);
  }

  async function sendTogether(items: readonly PendingRequest[], token: string): Promise<void> {
    const batch = createBatch(items, basePath);
    try {
      const answer = await transport.send(batch.request, token, batch.limit);
      if (answer.status >= 200 && answer.status < 300) batch.settle(answer);
      else if (isRefusedAsWhole(answer)) batch.waiting().forEach(sendAlone);
      else for (const item of items) item.resolve(answer);
    } catch (error) {
      for (const item of items) item.reject(error);
    } finally {
      batch.end();
    }
  }

  return {
    send(request, token, limit) {
      // The link of a listing may lead elsewhere on the same origin.
      if (!request.path.startsWith(basePath)) return transport.send(request, token, limit);
      return new Promise((resolve, reject) => {
        if (ready.length === 0) setImmediate(flush);
        ready.push({ request, token, limit, resolve, reject });
      });
    },
  };
}

/** Graph refuses a malformed batch before it looks into it: nothing was done, and each of its requests can go alone. */
function isRefusedAsWhole(answer: GraphResponse): boolean {
  const { status } = answer;
  return status >= 400 && status < 500 && ![401, 403, 408, 412, 429].includes(status) && !isQueuedForApproval(answer);
}
