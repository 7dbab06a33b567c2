import { initTRPC } from '@trpc/server';
import type { Role, User } from '../auth/user.js';
import type { Context } from './context.js';
import { describeError, Refusal } from './errors.js';

/** What the HTTP layer needs to know about a procedure. */
export interface Meta {
  /** It responds with a stream, and accepts a larger body. */
  readonly streamed: true;
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    // Bulk updates can be silent for a window of Graph's quota (20 s). Proxies must not take the stream for dead.
    jsonl: { pingMs: 10_000 },
    errorFormatter({ error, ctx, path }) {
      return describeError(error, ctx?.requestId ?? 'unknown', path);
    },
  });

/** Creates a router from a record of procedures. */
export const router = t.router;

/** Returns the signed-in user. @throws {Refusal} `SIGN_IN_REQUIRED`, or `ROLE_MISSING` without the role */
function authorize({ user, audit, requestId }: Context, path: string, role: Role | undefined): User {
  if (user === null) throw new Refusal('SIGN_IN_REQUIRED');
  if (role === undefined || user.roles.includes(role)) return user;
  audit.record({ event: 'refused', requestId, oid: user.oid, action: path, reason: 'ROLE_MISSING' });
  throw new Refusal('ROLE_MISSING');
}

// One middleware for both, since each costs processor time in every call. The role is checked before the input is
// parsed, so that unauthorized callers learn nothing about inputs.
const procedureFor = (role?: Role) =>
  t.procedure.use(({ ctx, path, next }) =>
    ctx.instrument(path, () => next({ ctx: { user: authorize(ctx, path, role) } })),
  );

/** For everyone who is signed in, whatever their role. */
export const signedInProcedure = procedureFor();

/** For those who may read. */
export const readerProcedure = procedureFor('reader');

/** For those who may also write. */
export const operatorProcedure = procedureFor('operator');
