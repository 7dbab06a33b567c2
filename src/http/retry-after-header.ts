import type { TRPCError } from '@trpc/server';
import { CallError } from '../errors.js';

/** The `Retry-After` header for a response with these errors: the longest wait among them, in whole seconds. */
export function retryAfterHeader(errors: readonly (TRPCError | undefined)[]): string | undefined {
  const waitsMs = errors.flatMap((error) => {
    const cause = error?.cause;
    return cause instanceof CallError ? (cause.details.retryAfterMs ?? []) : [];
  });
  return waitsMs.length === 0 ? undefined : String(Math.ceil(Math.max(...waitsMs) / 1000));
}
