import { initTRPC } from '@trpc/server';
import type { Person, Role } from '../auth/person.js';
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

function requirePerson({ person }: Context): Person {
  if (person === null) throw new Refusal('SIGN_IN_REQUIRED');
  return person;
}

const instrumentedProcedure = t.procedure.use(({ ctx, path, next }) => ctx.instrument(path, next));

/** For everyone who is signed in, whatever their role. */
export const signedInProcedure = instrumentedProcedure.use(({ ctx, next }) =>
  next({ ctx: { person: requirePerson(ctx) } }),
);

// The role is checked before the input is parsed, so that unauthorized callers learn nothing about inputs.
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

/** For those who may read. */
export const readerProcedure = procedureFor('reader');

/** For those who may also write. */
export const operatorProcedure = procedureFor('operator');
