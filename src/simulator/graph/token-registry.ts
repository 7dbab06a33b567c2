import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { forbiddenApplication, unauthorized } from './error-responses.js';
import { isBatch, pathSegments, type SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';
import { tenantId } from './tenant.js';

/** The permissions that allow writes; one of them is enough. */
export const writeScopes = [
  'DeviceManagementScripts.ReadWrite.All',
  'DeviceManagementConfiguration.ReadWrite.All',
] as const;

const readScopes = ['DeviceManagementScripts.Read.All', ...writeScopes] as const;

/** The permissions that allow reading approval requests; one of them is enough. */
export const approvalScopes = ['DeviceManagementRBAC.Read.All', 'DeviceManagementRBAC.ReadWrite.All'] as const;

/** The contents of a token to issue. */
interface IssueOptions {
  /** The claims request of a challenge, as JSON text. */
  readonly claims?: string | undefined;
  /** The permissions; the first of {@link writeScopes} by default. */
  readonly roles?: readonly string[] | undefined;
  /** One hour by default; negative for a token that has expired. */
  readonly lifetimeMs?: number | undefined;
  /** The identity that approvals compare; the same for all tokens by default, as for those of one application. */
  readonly identity?: string | undefined;
}

/** The properties of a token that was issued elsewhere. */
interface RegisterOptions {
  /** Milliseconds since 1970; never by default. */
  readonly expiresAt?: number | undefined;
  /** The user whose delegated token it is. A claims challenge applies to all tokens of a user. */
  readonly subject?: string | undefined;
  /** The claims request of the sign-in, as JSON text. The token satisfies a challenge whose claims are all in it. */
  readonly claims?: string | undefined;
  /** As in {@link IssueOptions}; `subject` by default. */
  readonly identity?: string | undefined;
}

/**
 * The access tokens that the simulated Graph accepts. It compares the text of tokens and does not verify signatures.
 */
export interface TokenRegistry {
  /** Issues a token in the format of Entra's tokens. `expiresOnTimestamp` is in milliseconds since 1970. */
  issue(options: IssueOptions): { readonly token: string; readonly expiresOnTimestamp: number };
  /** Adds a token with the given text. `roles` is the first of {@link writeScopes} by default. */
  register(token: string, roles?: readonly string[], options?: RegisterOptions): void;
  /**
   * Returns a claims challenge. From then on, {@link authorize} returns the same challenge for the token; for a
   * delegated token, it does so for every token of the user that does not satisfy the claims.
   */
  challenge(request: SimulatedRequest): SimulatedResponse;
  /** Returns the 401 or 403 if the token is missing, unknown, expired, challenged or without the permission. */
  authorize(request: SimulatedRequest): SimulatedResponse | undefined;
  /** The identity of the request's token; undefined if the token is unknown. */
  identify(request: SimulatedRequest): string | undefined;
}

interface RegisteredToken {
  readonly roles: readonly string[];
  readonly expiresAt: number;
  /** The key of challenges: the user for a delegated token, otherwise the token. */
  readonly subject: string;
  readonly claims: string | undefined;
  readonly identity: string;
}

const claimsRequest = z.looseObject({ access_token: z.record(z.string(), z.unknown()).default({}) });

const authorizationUri = 'https://login.microsoftonline.com/common/oauth2/authorize';
const graphClientId = '00000003-0000-0000-c000-000000000000';
const bearerChallenge = `Bearer realm="", authorization_uri="${authorizationUri}", client_id="${graphClientId}"`;
const applicationId = '5a1b0000-0000-4000-8000-00000000a991';
const hourMs = 3_600_000;

/** Creates an empty registry. */
export function createTokenRegistry(): TokenRegistry {
  const registered = new Map<string, RegisteredToken>();
  const challenges = new Map<string, string>();

  /** The claims of the token's challenge, if the token does not satisfy them. */
  const unsatisfiedClaims = ({ subject, claims }: RegisteredToken): string | undefined => {
    const required = challenges.get(subject);
    if (required === undefined || (claims !== undefined && satisfiesClaims(claims, required))) return undefined;
    return required;
  };

  return {
    issue({ claims, roles = [writeScopes[0]], lifetimeMs = hourMs, identity = applicationId }) {
      const expiresOnTimestamp = Date.now() + lifetimeMs;
      const token = [
        encodePart({ typ: 'JWT', alg: 'RS256', kid: 'simulator' }),
        encodePart({
          aud: 'https://graph.microsoft.com',
          iat: Math.floor(Date.now() / 1000),
          exp: Math.floor(expiresOnTimestamp / 1000),
          appid: identity,
          tid: tenantId,
          jti: randomUUID(),
          roles,
          ...(claims === undefined ? {} : { xms_cc: ['cp1'] }),
        }),
        randomBytes(64).toString('base64url'),
      ].join('.');
      registered.set(token, { roles, expiresAt: expiresOnTimestamp, subject: token, claims: undefined, identity });
      return { token, expiresOnTimestamp };
    },

    register(
      token,
      roles = [writeScopes[0]],
      { expiresAt = Number.POSITIVE_INFINITY, subject, claims, identity = subject ?? applicationId } = {},
    ) {
      registered.set(token, { roles, expiresAt, subject: subject ?? token, claims, identity });
    },

    challenge(request) {
      const token = registered.get(bearerToken(request) ?? '');
      // Concurrent requests get the same claims, so that one sign-in satisfies all of their challenges.
      const claims =
        (token && unsatisfiedClaims(token)) ??
        JSON.stringify({ access_token: { nbf: { essential: true, value: String(Date.now()) } } });
      if (token !== undefined) challenges.set(token.subject, claims);
      return claimsChallenge(request, claims);
    },

    authorize(request) {
      const text = bearerToken(request);
      if (text === undefined) return unauthorized(request, 'Access token is empty.', bearerChallenge);
      const token = registered.get(text);
      if (token === undefined) {
        return unauthorized(request, 'Access token validation failure. Invalid audience.', bearerChallenge);
      }
      if (token.expiresAt <= Date.now()) return tokenExpired(request);
      const claims = unsatisfiedClaims(token);
      if (claims !== undefined) return claimsChallenge(request, claims);
      // A batch needs no permission; its items do.
      const scopes = requiredScopes(request);
      const allowed = isBatch(request) || token.roles.some((role) => scopes.includes(role));
      return allowed ? undefined : forbiddenApplication(request, scopes);
    },

    identify: (request) => registered.get(bearerToken(request) ?? '')?.identity,
  };
}

/** 401: the token has expired. */
export function tokenExpired(request: SimulatedRequest): SimulatedResponse {
  return unauthorized(request, 'Lifetime validation failed, the token is expired.', bearerChallenge);
}

function requiredScopes(request: SimulatedRequest): readonly string[] {
  if (pathSegments(request)?.[2] === 'operationApprovalRequests') return approvalScopes;
  return request.method === 'GET' ? readScopes : writeScopes;
}

function claimsChallenge(request: SimulatedRequest, claims: string): SimulatedResponse {
  const encoded = Buffer.from(claims).toString('base64');
  // RFC 9110, section 11.6.1 allows several challenges in one header, and commas within quoted values.
  const challenge =
    `${bearerChallenge}, error="insufficient_claims", claims="${encoded}", ` +
    `PoP realm="simulator, other", authorization_uri="${authorizationUri}"`;
  return unauthorized(request, 'Continuous access evaluation resulted in challenge.', challenge);
}

function satisfiesClaims(claims: string, required: string): boolean {
  const granted = claimsRequest.safeParse(JSON.parse(claims)).data?.access_token ?? {};
  return Object.entries(claimsRequest.parse(JSON.parse(required)).access_token).every(([name, value]) =>
    isDeepStrictEqual(granted[name], value),
  );
}

function bearerToken(request: SimulatedRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
}

function encodePart(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
