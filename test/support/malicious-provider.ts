import type { ServerResponse } from 'node:http';
import type { JWTPayload } from 'jose';
import { OAuthError, type OpenIdServer, startOpenIdServer } from './openid-server.js';

/** The tokens of every valid response. */
export const maliciousTokens = {
  access_token: 'canary-access-7f3a9c',
  refresh_token: 'canary-refresh-7f3a9c',
} as const;

/** How the responses of the provider deviate from valid ones. */
export interface Deviation {
  /** Claims of the ID token to replace; `undefined` omits a claim. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs the ID token instead of the provider. */
  readonly sign?: (claims: JWTPayload, signValid: (claims: JWTPayload) => Promise<string>) => Promise<string> | string;
  /** Responds to token requests instead of the provider. */
  readonly respond?: (response: ServerResponse) => void;
}

/** An OpenID provider that signs users in without interaction, with valid or manipulated responses. */
export interface MaliciousProvider extends Pick<OpenIdServer, 'issuer' | 'stop'> {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Manipulates the responses from now on. */
  deviate(deviation: Deviation): void;
  /** The number of token requests received. */
  readonly tokenRequests: number;
  /** All ID tokens issued. */
  readonly idTokens: readonly string[];
}

/** Starts a provider on a free port. */
export async function startMaliciousProvider(): Promise<MaliciousProvider> {
  const idTokens: string[] = [];
  const clientId = 'malicious-client';
  let deviation: Deviation = {};
  let tokenRequests = 0;

  async function idToken(nonce: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims: JWTPayload = {
      iss: server.issuer,
      aud: clientId,
      sub: 'subject',
      oid: 'object-id',
      sid: 'provider-session',
      name: 'Somebody',
      roles: ['ScriptState.ReadWrite'],
      iat: now,
      exp: now + 300,
      nonce,
      ...deviation.claims,
    };
    const token = await (deviation.sign?.(claims, server.signIdToken) ?? server.signIdToken(claims));
    idTokens.push(token);
    return token;
  }

  const server = await startOpenIdServer({
    metadata: {
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      authorization_response_iss_parameter_supported: true,
    },
    onAuthorize: () => ({ iss: server.issuer }),
    async token(form, response) {
      tokenRequests += 1;
      const nonce = server.redeemCode(form.get('code'), clientId);
      if (deviation.respond !== undefined) {
        deviation.respond(response);
        return undefined;
      }
      if (nonce === undefined) throw new OAuthError('invalid_grant');
      return { ...maliciousTokens, token_type: 'Bearer', expires_in: 3600, id_token: await idToken(nonce) };
    },
  });
  return {
    ...server,
    clientId,
    clientSecret: 'canary-client-secret-7f3a9c',
    deviate: (next) => {
      deviation = next;
    },
    get tokenRequests() {
      return tokenRequests;
    },
    idTokens,
  };
}
