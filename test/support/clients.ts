import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, type TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../src/contract.js';

interface Address {
  readonly address: string;
}

/** A client as a front end creates it. */
export function createClient(address: string): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${address}/trpc`, headers: { 'x-csrf': '1' } })] });
}

/** Creates a typed client that sends cookies. */
export function clientWith({ address }: Address, cookies: () => readonly string[]): TRPCClient<AppRouter> {
  const headers = () => ({ 'x-csrf': '1', cookie: cookies().join('; ') });
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${address}/trpc`, headers })] });
}

/** A client that sends the calls of one tick as a batch. */
export function createBatchClient(
  { address }: Address,
  headers: () => Readonly<Record<string, string>> = () => ({}),
): TRPCClient<AppRouter> {
  const url = `${address}/trpc`;
  return createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url, headers: () => ({ 'x-csrf': '1', ...headers() }), maxItems: 20 })],
  });
}

/** A client that receives streamed responses. @param headers in addition to `x-csrf` */
export function createStreamClient(
  { address }: Address,
  headers: Readonly<Record<string, string>> = {},
): TRPCClient<AppRouter> {
  const url = `${address}/trpc`;
  return createTRPCClient<AppRouter>({
    links: [httpBatchStreamLink({ url, headers: { 'x-csrf': '1', ...headers }, maxItems: 20 })],
  });
}
