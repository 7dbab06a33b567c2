import { TRPCClientError } from '@trpc/client';
import type { AppRouter, ErrorData } from '../../src/contract.js';

/** The `error.data` of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<ErrorData & { readonly message: string }> {
  const error: unknown = await call.then(
    (value) => new Error(`succeeded with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TRPCClientError)) throw error;
  const { data } = error as TRPCClientError<AppRouter>;
  if (!data) throw error;
  return { ...data, message: error.message };
}
