import { initTRPC } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import express, { type Express } from 'express';
import { pinoHttp } from 'pino-http';
import { z } from 'zod';

const collections = {
  deviceShellScript: 'deviceShellScripts',
  deviceManagementScript: 'deviceManagementScripts',
  deviceCustomAttributeShellScript: 'deviceCustomAttributeShellScripts',
} as const;

const id = z.string().regex(/^[A-Za-z0-9._:-]{1,256}$/);
const count = z.int().min(0).max(2_147_483_647);

const patch = z.strictObject({
  successDeviceCount: count.optional(),
  errorDeviceCount: count.optional(),
  userPrincipalName: z.string().min(1).max(1024).optional(),
});

const updateInput = z.strictObject({
  scriptKind: z.enum(['deviceShellScript', 'deviceManagementScript', 'deviceCustomAttributeShellScript']),
  scriptId: id,
  userStateId: id,
  patch,
});

const userState = z.object({
  id: z.string(),
  successDeviceCount: z.int(),
  errorDeviceCount: z.int(),
  userPrincipalName: z.string().nullable(),
});

/** Sends a PATCH request to a path of Graph, relative to the version. @returns the response body */
export type PatchGraph = (path: string, fields: z.output<typeof patch>) => Promise<unknown>;

/** Creates an app as the documentation of tRPC and pino describes it, with one procedure. */
export function createTrpcApp(patchGraph: PatchGraph): Express {
  const t = initTRPC.create();
  const router = t.router({
    scriptUserState: t.router({
      update: t.procedure.input(updateInput).mutation(async ({ input }) => {
        const { scriptKind, scriptId, userStateId } = input;
        const script = `deviceManagement/${collections[scriptKind]}/${encodeURIComponent(scriptId)}`;
        const state = await patchGraph(`${script}/userRunStates/${encodeURIComponent(userStateId)}`, input.patch);
        return userState.parse(state);
      }),
    }),
  });
  const app = express();
  app.use(pinoHttp());
  app.use('/trpc', createExpressMiddleware({ router }));
  return app;
}
