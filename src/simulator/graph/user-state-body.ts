import { z } from 'zod';
import { type Answer, badRequest, errorAnswer } from './answers.js';
import type { GraphRequest } from './request.js';

/** The type's name, as `@odata.type` has it. */
export const userStateType = '#microsoft.graph.deviceManagementScriptUserState';

const count = z.int32().min(0);
const properties = {
  '@odata.type': z.literal(userStateType).exactOptional(),
  successDeviceCount: count.exactOptional(),
  errorDeviceCount: count.exactOptional(),
  userPrincipalName: z.string().max(1024).nullable().exactOptional(),
};

/** What an update may say: at least one property, never the id. */
export const userStatePatch = z
  .strictObject({ ...properties, id: z.never('the property is read-only').exactOptional() })
  .refine((patch) => Object.keys(patch).some((name) => name !== '@odata.type'), 'there is nothing to update');

/** What a new state may say. */
export const userStateDraft = z.strictObject({
  ...properties,
  id: z
    .string()
    .regex(/^(?!\.{1,2}$)[\w.:-]{1,256}$/)
    .exactOptional(),
});

/** The request's JSON body as `schema` has it, or the refusal. */
export function readBody<T>(request: GraphRequest, schema: z.ZodType<T>): { readonly value: T } | Answer {
  const body = parseJson(request);
  if ('status' in body) return body;
  const parsed = schema.safeParse(body.value);
  if (parsed.success) return { value: parsed.data };
  return badRequest(request, `Bad Request: ${parsed.error.issues.map((issue) => wording(issue)).join('; ')}`);
}

/** The request's body as JSON, or the refusal in the words of Graph's gateway, which answers before Intune does. */
export function parseJson(request: GraphRequest): { readonly value: unknown } | Answer {
  const contentType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (contentType !== 'application/json') {
    const message = 'Write requests (excluding DELETE) must contain the Content-Type header declaration.';
    return errorAnswer(request, 400, 'BadRequest', message);
  }
  try {
    return { value: JSON.parse(request.body) };
  } catch {
    const message =
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.';
    return errorAnswer(request, 400, 'BadRequest', message);
  }
}

function wording(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => `The property '${key}' does not exist on type '${userStateType.slice(1)}'`)
      .join('; ');
  }
  return issue.path.length === 0
    ? issue.message
    : `The property '${issue.path.join('.')}' is invalid: ${issue.message}`;
}
