import { initTRPC } from '@trpc/server';
import type { Person, Role } from '../auth/person.js';
import type { Context } from './context.js';
import { describeError, Refusal } from './errors.js';

/** What the door wants to know of a procedure. */
export interface Meta {
  /** It answers as a stream, and takes a longer body. */
  readonly streamed: true;
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    // Long work on Graph's quota is silent for up to 20 s at a time; what lies between must not take it for dead.
    jsonl: { pingMs: 10_000 },
    errorFormatter({ error, ctx, path }) {
      return describeError(error, ctx?.requestId ?? 'unknown', path);
    },
  });

/** Makes routers, from plain records of procedures. */
export const router = t.router;

function signedIn({ person }: Context): Person {
  if (person === null) throw new Refusal('SIGN_IN_REQUIRED');
  return person;
}

const watched = t.procedure.use(({ ctx, path, next }) => ctx.instrument(path, next));

/** For anybody who is signed in, whatever their role. */
export const signedInProcedure = watched.use(({ ctx, next }) => next({ ctx: { person: signedIn(ctx) } }));

// The role is judged before the input is parsed: whoever may not call learns nothing about the inputs.
const procedureFor = (role: Role) =>
  watched.use(({ ctx, path, next }) => {
    const person = signedIn(ctx);
    if (person.roles.includes(role)) return next({ ctx: { person } });
    ctx.audit.note({
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
