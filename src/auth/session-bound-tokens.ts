import { CallError } from '../errors.js';
import type { TokenSource } from '../graph/tokens/token-source.js';
import type { Principal } from './principal.js';

/**
 * The service's own tokens, for the calls of one principal. A call that outlives its session (because it waits for the
 * rate limit, for example) gets no further token: `get` then throws {@link CallError} `SIGN_IN_REQUIRED`.
 */
export function revokeWhenSessionEnds(tokens: TokenSource, principal: Principal | null): TokenSource {
  return {
    rejectionReason: tokens.rejectionReason,
    async get(request) {
      if ((await principal?.isSessionActive?.()) === false) throw new CallError('SIGN_IN_REQUIRED');
      return tokens.get(request);
    },
  };
}
