import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import type { OutboundFetch } from '../../outbound/outbound.js';

/**
 * Sends the requests of `@azure/identity` with `fetch`, so that they use the same proxy as all others. Its own client
 * reads `NO_PROXY` differently, also sends requests to loopback addresses to a proxy, and takes a proxy's response to
 * CONNECT for one of Entra ID.
 *
 * @param onFailure called after each request: with its error if there was no response
 */
export function createAzureHttpClient(
  fetch: OutboundFetch,
  onFailure: (failure: Error | undefined) => void,
): HttpClient {
  return {
    async sendRequest(request) {
      try {
        const response = await send(request, fetch);
        onFailure(undefined);
        return response;
      } catch (error) {
        if (error instanceof Error) onFailure(error);
        throw error;
      }
    },
  };
}

async function send(request: PipelineRequest, fetch: OutboundFetch): Promise<PipelineResponse> {
  const { url, method, headers, body = null, abortSignal, timeout } = request;
  if (body !== null && typeof body !== 'string') throw new TypeError('only texts can be sent');
  const aborted = new AbortController();
  const abort = () => aborted.abort();
  if (abortSignal?.aborted) abort();
  abortSignal?.addEventListener('abort', abort);
  // 0 means no timeout.
  const timer = timeout > 0 ? setTimeout(abort, timeout) : undefined;
  try {
    const response = await fetch(url, {
      method,
      headers: headers.toJSON(),
      body,
      redirect: 'manual',
      signal: aborted.signal,
    });
    const bodyAsText = await response.text();
    return {
      request,
      status: response.status,
      headers: createHttpHeaders(Object.fromEntries(response.headers)),
      bodyAsText,
    };
  } catch (error) {
    // The code of the cause determines whether the request is sent again.
    throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  } finally {
    clearTimeout(timer);
    abortSignal?.removeEventListener('abort', abort);
  }
}
