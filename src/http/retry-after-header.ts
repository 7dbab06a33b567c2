import type { TRPCError } from '@trpc/server';
import { retryAfterOf } from '../api/errors.js';

/** The `Retry-After` header for a response with these errors: the longest wait among them, in whole seconds. */
export function retryAfterHeader(errors: readonly (TRPCError | undefined)[]): string | undefined {
  const waitsMs = errors.flatMap((error) => (error === undefined ? [] : (retryAfterOf(error) ?? [])));
  return waitsMs.length === 0 ? undefined : String(Math.ceil(Math.max(...waitsMs) / 1000));
}
