import {
  createTRPCClient,
  type HTTPBatchLinkOptions,
  httpBatchLink,
  httpBatchStreamLink,
  splitLink,
  type TRPCClient,
  type TRPCLink,
} from '@trpc/client';
import type { AppRouter, ErrorDataOf, Reason } from '../contract.js';

export type * from '../contract.js';

/** The headers of a request. Those that are `undefined` are not sent. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** How the service is reached. */
export interface ClientOptions {
  /**
   * The address of the API, such as `https://states.example.com/trpc`; an address without a path stands for its
   * `/trpc`. By default `/trpc` at the page's origin.
   */
  readonly url?: string | URL;
  /** Additional headers, or a function that returns them for each request. */
  readonly headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>);
  /** Replaces the global `fetch`. */
  readonly fetch?: NonNullable<HTTPBatchLinkOptions<AppRouter['_def']['_config']['$types']>['fetch']>;
}

/** A client of the service: every procedure by its path, with `query` or `mutate`. */
export interface ScriptStateClient extends TRPCClient<AppRouter> {}

/** The procedures that stream their results. */
const streamingProcedures: ReadonlySet<string> = new Set(['scriptUserState.updateMany', 'updateJob.watch']);

/** The maximum number of calls in a batch, which the service enforces. */
const maxBatchCalls = 20;

/**
 * Creates the links for a tRPC client of one's own. Calls of one tick share a request, at most 20 of them. A streaming
 * procedure has a request to itself, so that it can be cancelled. All requests use POST: inputs do not fit into a URL,
 * and do not belong in the logs of proxies.
 */
export function links({ url = '/trpc', headers = {}, fetch }: ClientOptions = {}): TRPCLink<AppRouter>[] {
  const options = {
    url: addressOf(url),
    headers: async () => ({
      ...definedHeaders(typeof headers === 'function' ? await headers() : headers),
      'x-csrf': '1',
    }),
    methodOverride: 'POST',
    ...(fetch !== undefined && { fetch }),
  } as const;
  return [
    splitLink({
      condition: ({ path }) => streamingProcedures.has(path),
      true: httpBatchStreamLink({ ...options, maxItems: 1 }),
      false: httpBatchLink({ ...options, maxItems: maxBatchCalls }),
    }),
  ];
}

/** The headers that have a value: `fetch` would send the others as the text `undefined`. */
function definedHeaders(headers: RequestHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function addressOf(url: string | URL): string {
  const address = String(url);
  return URL.canParse(address) && new URL(address).pathname === '/' ? new URL('/trpc', address).href : address;
}

/** Creates a client. */
export function createClient(options?: ClientOptions): ScriptStateClient {
  return createTRPCClient<AppRouter>({ links: links(options) });
}

/**
 * Whether a call, or one of the updates of `updateMany`, failed for a reason. Narrows `error.data` to what errors with
 * this reason contain.
 *
 * @param error a thrown error, or the `error` of a result of `updateMany`
 */
export function isReason<E, R extends Reason>(
  error: E,
  reason: R,
): error is E & { readonly message: string; readonly data: ErrorDataOf<R> } {
  return reasonOf(error) === reason;
}

function reasonOf(error: unknown): unknown {
  const data = typeof error === 'object' && error !== null && 'data' in error ? error.data : undefined;
  return typeof data === 'object' && data !== null && 'reason' in data ? data.reason : undefined;
}
