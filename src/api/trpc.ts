import { initTRPC } from '@trpc/server';
import type { Person, Role } from '../auth/person.js';
import type { Context } from './context.js';
import { describeError, Refusal } from './errors.js';

/** The metadata of a procedure, for the HTTP layer. */
export interface Meta {
  /** Set if the procedure responds with a stream and accepts a larger body. */
  readonly streamed: true;
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

function requirePerson({ person }: Context): Person {
  if (person === null) throw new Refusal('SIGN_IN_REQUIRED');
  return person;
}

const instrumentedProcedure = t.procedure.use(({ ctx, path, next }) => ctx.instrument(path, next));

/** A procedure for every signed-in user, whatever the role. */
export const signedInProcedure = instrumentedProcedure.use(({ ctx, next }) =>
  next({ ctx: { person: requirePerson(ctx) } }),
);

// The role is checked before the input is parsed, so that errors reveal nothing about inputs to unauthorized callers.
const procedureFor = (role: Role) =>
  instrumentedProcedure.use(({ ctx, path, next }) => {
    const person = requirePerson(ctx);
    if (person.roles.includes(role)) return next({ ctx: { person } });
    ctx.audit.record({
      event: 'refused',
      requestId: ctx.requestId,
      oid: person.oid,
      action: path,
      reason: 'ROLE_MISSING',
    });
    throw new Refusal('ROLE_MISSING');
  });

/** A procedure for users who may read. */
export const readerProcedure = procedureFor('reader');

/** A procedure for users who may also write. */
export const operatorProcedure = procedureFor('operator');
