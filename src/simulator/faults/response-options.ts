import { z } from 'zod';
import type { SimulatedResponse } from '../graph/response.js';
import type { InjectedFault } from './fault-rules.js';

const errorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), innerError: z.record(z.string(), z.unknown()) }),
});

/** Changes the response of a fault as its options `status` and `errorForm` say. */
export function withResponseOptions(
  response: SimulatedResponse,
  { status, errorForm }: InjectedFault,
): SimulatedResponse {
  return withErrorForm(status === undefined ? response : { ...response, status }, errorForm);
}

/** Moves the text of an error response to where other versions of Graph have it; returns any other unchanged. */
function withErrorForm(response: SimulatedResponse, form: InjectedFault['errorForm']): SimulatedResponse {
  const parsed = errorBody.safeParse(response.body);
  if (form === 'message' || !parsed.success) return response;
  const { code, message, innerError } = parsed.data.error;
  const error =
    form === 'message-value'
      ? { code, message: { lang: 'en-us', value: message }, innerError }
      : { code, message: '', innererror: { ...innerError, message } };
  return { ...response, body: { error } };
}
