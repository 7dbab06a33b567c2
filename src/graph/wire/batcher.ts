import { createBatch, type PendingRequest } from './batch.js';
import { isQueuedForApproval } from './error-response.js';
import type { GraphResponse, Sender } from './transport.js';

/** Graph's limit for the requests in one batch. */
export const maxBatchItems = 20;

/**
 * Sends the requests of one batch group that are ready in the same iteration of the event loop as one `$batch`, and a
 * single request without a batch. Each request settles by itself: with its own response, or with the failure of the
 * batch.
 *
 * @param basePath with the version and a slash at its end: `/beta/`
 * @see https://learn.microsoft.com/graph/json-batching
 */
export function createBatcher(sender: Sender, basePath: string): Sender {
  const readyByGroup = new Map<object, PendingRequest[]>();

  function flush(group: object): void {
    const ready = readyByGroup.get(group) ?? [];
    readyByGroup.delete(group);
    // Sent by themselves, aborted requests fail immediately.
    ready.filter(isAbandoned).forEach(sendAlone);
    const waiting = ready.filter((each) => !isAbandoned(each));
    // Tokens differ if one was replaced while a call waited.
    for (const token of new Set(waiting.map(({ options }) => options.token))) {
      const sameToken = waiting.filter(({ options }) => options.token === token);
      for (let from = 0; from < sameToken.length; from += maxBatchItems) {
        const items = sameToken.slice(from, from + maxBatchItems);
        if (items.length === 1) items.forEach(sendAlone);
        else void sendBatch(items, token);
      }
    }
  }

  function sendAlone({ request, options, resolve, reject }: PendingRequest): void {
    sender.send(request, options).then(resolve, reject);
  }

  async function sendBatch(items: readonly PendingRequest[], token: string): Promise<void> {
    const batch = createBatch(items, token, basePath);
    try {
      const response = await sender.send(batch.request, batch.options);
      if (response.status >= 200 && response.status < 300) batch.settle(response);
      else if (isRejectedAsWhole(response)) batch.pending().forEach(sendAlone);
      else for (const { resolve } of items) resolve(response);
    } catch (error) {
      for (const { reject } of items) reject(error);
    } finally {
      batch.dispose();
    }
  }

  return {
    send(request, options) {
      const group = options.batchGroup;
      // The next link of a list may lead to another path of the origin.
      if (group === undefined || !request.path.startsWith(basePath)) return sender.send(request, options);
      return new Promise((resolve, reject) => {
        const pending = { request, options, resolve, reject };
        const ready = readyByGroup.get(group);
        if (ready !== undefined) {
          ready.push(pending);
          return;
        }
        readyByGroup.set(group, [pending]);
        setImmediate(flush, group);
      });
    },
  };
}

/**
 * Graph rejects a malformed batch before it processes the requests: none was applied, and each can be sent by itself.
 * The error page of a proxy does not prove that.
 */
function isRejectedAsWhole(response: GraphResponse): boolean {
  const { status, isFromGraph } = response;
  return (
    isFromGraph && status >= 400 && status < 500 && !concernsEachRequest.has(status) && !isQueuedForApproval(response)
  );
}

/** The statuses of a batch's response that are those of each request in it. */
const concernsEachRequest = new Set([401, 403, 408, 412, 429, 499]);

function isAbandoned({ options }: PendingRequest): boolean {
  return options.limit.isDone;
}
