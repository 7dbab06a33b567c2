import { type IntuneErrorOptions, intuneError } from '../graph/error-envelope.js';
import { tooManyRequests } from '../graph/error-responses.js';
import type { SimulatedResponse } from '../graph/response.js';
import type { FaultContext } from './fault.js';
import type { InjectedFault } from './fault-rules.js';

/** 429 with the delay in the format of `retryAfter`. */
export function throttled({ request, injected }: FaultContext): SimulatedResponse {
  return tooManyRequests(request, retryAfterOptions(injected));
}

/** 503 with the delay in the format of `retryAfter`. */
export function unavailable({ request, injected }: FaultContext): SimulatedResponse {
  const options = retryAfterOptions(injected);
  return intuneError(request, 503, 'ServiceUnavailable', 'The service is temporarily unavailable', options);
}

/** 503: Intune's back end timed out. The write can be applied after the response. */
export function serviceTimeout({ request, injected }: FaultContext): SimulatedResponse {
  const text = 'The operation was cancelled on a service timeout';
  const options = injected.retryAfter === undefined ? {} : retryAfterOptions(injected);
  return intuneError(request, 503, 'CancelledOnServiceTimeout', text, options);
}

function retryAfterOptions({ retryAfter = 'seconds', delayMs = 1000 }: InjectedFault): IntuneErrorOptions {
  const seconds = Math.ceil(delayMs / 1000);
  const formats = {
    seconds: { headers: { 'Retry-After': String(seconds) } },
    fractional: { headers: { 'Retry-After': (delayMs / 1000).toFixed(3) } },
    date: { headers: { 'Retry-After': new Date(Date.now() + delayMs).toUTCString() } },
    nested: { retryAfter: seconds },
    'nested-time-span': { retryAfter: new Date(delayMs).toISOString().slice(11, -1) },
    'nested-date': { retryAfter: new Date(Date.now() + delayMs).toISOString() },
    none: {},
  } satisfies Record<NonNullable<InjectedFault['retryAfter']>, IntuneErrorOptions>;
  return formats[retryAfter];
}
