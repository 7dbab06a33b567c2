import request from 'supertest';
import { z } from 'zod';
import type { RouterInputs } from '../../src/contract.js';
import type { TestService } from './service.js';

const responseBody = z.object({
  result: z.object({ data: z.unknown() }).optional(),
  error: z
    .object({
      data: z.object({
        reason: z.string(),
        issues: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).optional(),
      }),
    })
    .optional(),
});

/** Calls a procedure without a typed client. `input` is JSON text, which can express more than an object. */
export async function call({ address }: TestService, procedure: string, input: string) {
  const response = await request(address)
    .post(`/trpc/${procedure}`)
    .set({ 'x-csrf': '1', 'content-type': 'application/json' })
    .send(input);
  const { result, error } = responseBody.parse(response.body);
  return { status: response.status, result, ...error?.data };
}

const target = { scriptKind: 'deviceShellScript', scriptId: 'script', userStateId: 'state' };
const { scriptKind, scriptId } = target;
const userState = { successDeviceCount: 1, errorDeviceCount: 0, userPrincipalName: 'somebody@contoso.example' };
const patch = { successDeviceCount: 1 };

type Named<R extends keyof RouterInputs> = `${R}.${Extract<keyof RouterInputs[R], string>}`;
type AnyProcedure = { [R in keyof RouterInputs]: Named<R> }[keyof RouterInputs];

/** The procedures that call Graph with their input before they respond. */
type GraphProcedure = Exclude<AnyProcedure, `updateJob.${string}` | 'activity.list' | 'session.current'>;

/** A valid input for each of them that does not stream. The script in it does not exist. */
export const validInputs = {
  'script.list': { scriptKind },
  'script.overview': { scriptKind },
  'scriptUserState.list': { scriptKind, scriptId },
  'scriptUserState.listForUser': { userId: 'user' },
  'scriptUserState.get': target,
  'scriptUserState.update': { ...target, patch },
  'scriptUserState.create': { scriptKind, scriptId, userState },
  'scriptUserState.delete': target,
  'deviceRunState.list': target,
  'deviceRunState.listForScript': { scriptKind, scriptId },
} as const satisfies Record<Exclude<GraphProcedure, 'scriptUserState.updateMany'>, object>;

export type Procedure = keyof typeof validInputs;
export const procedures = Object.keys(validInputs) as readonly Procedure[];
