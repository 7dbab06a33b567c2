import { initTRPC } from '@trpc/server';
import type { Role, User } from '../auth/user.js';
import type { Context } from './context.js';
import { describeError, Refusal } from './errors.js';

/** The metadata of a procedure, for the HTTP layer. */
export interface Meta {
  /** The role that a caller must have. */
  readonly role?: Role | undefined;
  /** Set if the procedure responds with a stream. */
  readonly streamed?: true;
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    // A bulk update can send no result for a window of Graph's quota (20 s). Pings prevent proxies from closing the
    // stream.
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
  t.procedure
    .meta({ role })
    .use(({ ctx, path, next }) => ctx.instrument(path, () => next({ ctx: { user: authorize(ctx, path, role) } })));

/** A procedure for every signed-in user, whatever the role. */
export const signedInProcedure = procedureFor();

/** A procedure for users who may read. */
export const readerProcedure = procedureFor('reader');

/** A procedure for users who may also write. */
export const operatorProcedure = procedureFor('operator');
