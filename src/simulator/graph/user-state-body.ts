import { z } from 'zod';
import { graphError } from './error-envelope.js';
import { badRequest } from './error-responses.js';
import type { SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';

/** The `@odata.type` of a user state. */
export const userStateType = '#microsoft.graph.deviceManagementScriptUserState';

const deviceCount = z.int32().min(0);
const properties = {
  '@odata.type': z.literal(userStateType).exactOptional(),
  successDeviceCount: deviceCount.exactOptional(),
  errorDeviceCount: deviceCount.exactOptional(),
  userPrincipalName: z.string().max(1024).nullable().exactOptional(),
};

/** The body of an update: at least one property, but not the id. */
export const userStatePatch = z
  .strictObject({ ...properties, id: z.never('the property is read-only').exactOptional() })
  .refine((patch) => Object.keys(patch).some((name) => name !== '@odata.type'), 'there is nothing to update');

/** The body of a create. */
export const userStateDraft = z.strictObject({
  ...properties,
  id: z
    .string()
    .regex(/^(?!\.{1,2}$)[\w.:-]{1,256}$/)
    .exactOptional(),
});

/** The request's body, validated by `schema`, or the 400 of Intune. */
export function parseUserStateBody<T>(
  request: SimulatedRequest,
  schema: z.ZodType<T>,
): { readonly value: T } | SimulatedResponse {
  const body = parseJsonBody(request);
  if ('status' in body) return body;
  const parsed = schema.safeParse(body.value);
  if (parsed.success) return { value: parsed.data };
  return badRequest(request, `Bad Request: ${parsed.error.issues.map((issue) => describeIssue(issue)).join('; ')}`);
}

/** The request's body as JSON, or the 400 of Graph's gateway, which checks a body before Intune does. */
export function parseJsonBody(request: SimulatedRequest): { readonly value: unknown } | SimulatedResponse {
  const contentType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (contentType !== 'application/json') {
    const message = 'Write requests (excluding DELETE) must contain the Content-Type header declaration.';
    return graphError(request, 400, 'BadRequest', message);
  }
  try {
    return { value: JSON.parse(request.body) };
  } catch {
    const message =
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.';
    return graphError(request, 400, 'BadRequest', message);
  }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => `The property '${key}' does not exist on type '${userStateType.slice(1)}'`)
      .join('; ');
  }
  return issue.path.length === 0
    ? issue.message
    : `The property '${issue.path.join('.')}' is invalid: ${issue.message}`;
}
