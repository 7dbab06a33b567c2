import type { TRPCError } from '@trpc/server';
import { CallError } from '../errors.js';

/** The value of `Retry-After`, in seconds, for those who don't read the body: of several failures, the longest wait. */
export function retryAfterHeader(errors: readonly (TRPCError | undefined)[]): string | undefined {
  const waits = errors.flatMap((error) => {
    const cause = error?.cause;
    return cause instanceof CallError ? (cause.details.retryAfterMs ?? []) : [];
  });
  return waits.length === 0 ? undefined : String(Math.ceil(Math.max(...waits) / 1000));
}
