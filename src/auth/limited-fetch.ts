import type { CustomFetch } from 'openid-client';
import type { OutboundFetch } from '../outbound/outbound.js';

/**
 * The maximum size of a response of the identity provider, decompressed. Entra's largest, its keys, has about 20 KiB.
 */
const maxBytes = 512 * 1024;

/**
 * Limits the responses of `fetch` for requests to the identity provider. It reads the whole body within the timeout of
 * the request, and rejects with a `TypeError`, as for a failed connection, when the body is larger than 512 KiB.
 */
export function limitResponses(fetch: OutboundFetch): CustomFetch {
  return async (url, { body: sent = null, signal = null, ...options }) => {
    // A copy, since the types of undici do not accept views of shared memory.
    const body = sent instanceof Uint8Array ? new Uint8Array(sent) : sent;
    const response = await fetch(url, { ...options, body, signal });
    const { status, statusText, headers } = response;
    const text = response.body === null ? null : await readLimited(response.body);
    return new Response(text, { status, statusText, headers: [...headers] });
  };
}

async function readLimited(body: AsyncIterable<Uint8Array>): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the rest of the response and closes its connection.
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw Object.assign(new TypeError('the response of the identity provider is too large'), { code: 'TOO_LARGE' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
