import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import type { appRouter } from './api/router.js';

export type { ErrorData, InputIssue, Reason } from './api/errors.js';

/** The type of the router: the type argument of a tRPC client. */
export type AppRouter = typeof appRouter;

/** The input of every procedure, by its path. */
export type RouterInputs = inferRouterInputs<AppRouter>;

/** The output of every procedure, by its path. */
export type RouterOutputs = inferRouterOutputs<AppRouter>;
