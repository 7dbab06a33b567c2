import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { tenantId } from '../people.js';
import { type Answer, forbiddenApplication, unauthorized } from './answers.js';
import { type GraphRequest, isBatch } from './request.js';

/** The permissions of which a write needs one. */
export const writeScopes = [
  'DeviceManagementScripts.ReadWrite.All',
  'DeviceManagementConfiguration.ReadWrite.All',
] as const;

/** The permissions of which a read needs one. */
const readScopes = ['DeviceManagementScripts.Read.All', ...writeScopes] as const;

/** What to put into a token. */
interface TokenWishes {
  /** The claims request of a challenge, as JSON text. */
  readonly claims?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly lifetimeMs?: number | undefined;
}

/** What else is known of a token that was issued elsewhere. */
interface TokenTerms {
  /** Milliseconds since 1970; never by default. */
  readonly expiresAt?: number | undefined;
  /** Whose delegated token it is: what challenges one of a person's tokens challenges all of them. */
  readonly person?: string | undefined;
  /** The claims request that it was issued for, as JSON text: it meets the challenges that ask no more. */
  readonly claims?: string | undefined;
}

/** The tokens that the simulated Graph knows. They are known by heart: no signature is verified. */
export interface Tokens {
  /** A new token that looks like Entra's. */
  issue(wishes: TokenWishes): { readonly token: string; readonly expiresOnTimestamp: number };
  /** Makes a given text a good token. */
  register(token: string, roles?: readonly string[], terms?: TokenTerms): void;
  /**
   * Refuses the request with a claims challenge, and its token with the same challenge from now on. Of a person's
   * tokens, all are refused that were not issued for the claims.
   */
  challenge(request: GraphRequest): Answer;
  /** The refusal of a request whose token is missing, unknown, expired, challenged or without the permission. */
  refusal(request: GraphRequest): Answer | undefined;
}

interface Grant {
  readonly roles: readonly string[];
  readonly expiresAt: number;
  /** What a challenge holds for: the person, else the token. */
  readonly subject: string;
  readonly claims: string | undefined;
}

const claimsRequest = z.looseObject({ access_token: z.record(z.string(), z.unknown()).default({}) });

const authorizationUri = 'https://login.microsoftonline.com/common/oauth2/authorize';
const plainChallenge = `Bearer realm="", authorization_uri="${authorizationUri}"`;
const hourMs = 3_600_000;

/** Starts a set of tokens, empty. */
export function createTokens(): Tokens {
  const grants = new Map<string, Grant>();
  const challenges = new Map<string, string>();

  /** The claims of the challenge that the token does not meet. */
  const unmet = ({ subject, claims }: Grant): string | undefined => {
    const asked = challenges.get(subject);
    return asked === undefined || (claims !== undefined && meets(claims, asked)) ? undefined : asked;
  };

  return {
    issue({ claims, roles = [writeScopes[0]], lifetimeMs = hourMs }) {
      const expiresOnTimestamp = Date.now() + lifetimeMs;
      const token = [
        encode({ typ: 'JWT', alg: 'RS256', kid: 'simulator' }),
        encode({
          aud: 'https://graph.microsoft.com',
          iat: Math.floor(Date.now() / 1000),
          exp: Math.floor(expiresOnTimestamp / 1000),
          appid: '5a1b0000-0000-4000-8000-00000000a991',
          tid: tenantId,
          jti: randomUUID(),
          roles,
          ...(claims === undefined ? {} : { xms_cc: ['cp1'] }),
        }),
        randomBytes(64).toString('base64url'),
      ].join('.');
      grants.set(token, { roles, expiresAt: expiresOnTimestamp, subject: token, claims: undefined });
      return { token, expiresOnTimestamp };
    },

    register(token, roles = [writeScopes[0]], { expiresAt = Number.POSITIVE_INFINITY, person, claims } = {}) {
      grants.set(token, { roles, expiresAt, subject: person ?? token, claims });
    },

    challenge(request) {
      const token = bearer(request);
      const grant = token === undefined ? undefined : grants.get(token);
      // Calls that are challenged together are challenged with the same claims: one sign-in can meet them all.
      const claims =
        (grant && unmet(grant)) ??
        JSON.stringify({ access_token: { nbf: { essential: true, value: String(Date.now()) } } });
      if (grant !== undefined) challenges.set(grant.subject, claims);
      return claimsChallenge(request, claims);
    },

    refusal(request) {
      const token = bearer(request);
      if (token === undefined) return unauthorized(request, 'Access token is empty.', plainChallenge);
      const grant = grants.get(token);
      if (grant === undefined) {
        return unauthorized(request, 'Access token validation failure. Invalid audience.', plainChallenge);
      }
      if (grant.expiresAt <= Date.now()) return expired(request);
      const claims = unmet(grant);
      if (claims !== undefined) return claimsChallenge(request, claims);
      // A batch needs no permission of its own: its items do.
      const scopes: readonly string[] = request.method === 'GET' ? readScopes : writeScopes;
      const allowed = isBatch(request) || grant.roles.some((role) => scopes.includes(role));
      return allowed ? undefined : forbiddenApplication(request, scopes);
    },
  };
}

/** 401: the token's time is over. */
export function expired(request: GraphRequest): Answer {
  return unauthorized(request, 'Lifetime validation failed, the token is expired.', plainChallenge);
}

function claimsChallenge(request: GraphRequest, claims: string): Answer {
  const encoded = Buffer.from(claims).toString('base64');
  // Two challenges in one header and commas within values: both are legal (RFC 9110, 11.6.1).
  const challenge =
    `PoP realm="simulator, other", authorization_uri="${authorizationUri}", ` +
    `${plainChallenge}, error="insufficient_claims", claims="${encoded}"`;
  return unauthorized(request, 'Continuous access evaluation resulted in challenge.', challenge);
}

function meets(claims: string, asked: string): boolean {
  const given = claimsRequest.safeParse(JSON.parse(claims)).data?.access_token ?? {};
  return Object.entries(claimsRequest.parse(JSON.parse(asked)).access_token).every(([name, wish]) =>
    isDeepStrictEqual(given[name], wish),
  );
}

function bearer(request: GraphRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
