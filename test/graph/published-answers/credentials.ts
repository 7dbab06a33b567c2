import { graphError, graphResponse, intuneText, nestedIntuneError } from '../../support/graph-responses.js';
import type { ScriptedResponse } from '../../support/scripted-graph.js';
import { after, type PublishedAnswer, rejection } from './published-answer.js';
import { saved } from './responses.js';

const claims = '{"access_token":{"nbf":{"essential":true,"value":"1779177995"}}}';
const claimsPage = 'Microsoft Learn: entra/identity-platform/claims-challenge';
const expired = graphError(401, 'InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.', {
  'www-authenticate': 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"',
});
const challenge = graphError(
  401,
  'InvalidAuthenticationToken',
  'Continuous access evaluation resulted in a challenge',
  {
    'www-authenticate':
      'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
      'client_id="00000003-0000-0000-c000-000000000000", errorDescription="Revoked, or the location, changed", ' +
      `error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`,
  },
);

/** A response to every token: another one is requested once. */
function rejectedToken(name: string, source: string, response: ScriptedResponse): PublishedAnswer {
  const result = { reason: 'CREDENTIAL_UNAVAILABLE' } as const;
  return {
    name,
    source,
    responses: [response],
    sent: 'PATCH PATCH',
    tokenClaims: [undefined, undefined],
    result,
    audited: 'rejected',
    get: { sent: 'GET GET', result },
  };
}

/** The forms of 401. */
export const credentials: readonly PublishedAnswer[] = [
  {
    name: '401 to an expired token, then 200',
    source: 'Microsoft Learn: graph/resolve-auth-errors',
    responses: [expired, saved],
    sent: 'PATCH PATCH',
    tokenClaims: [undefined, undefined],
    result: { userState: after },
    audited: 'applied',
    get: { sent: 'GET GET', result: { userState: after } },
  },
  rejectedToken('401 to every token', 'Microsoft Learn: graph/resolve-auth-errors', expired),
  {
    name: '401 with a claims challenge, then 200',
    source: claimsPage,
    responses: [challenge, saved],
    sent: 'PATCH PATCH',
    tokenClaims: [undefined, claims],
    result: { userState: after },
    audited: 'applied',
    get: { sent: 'GET GET', result: { userState: after } },
  },
  {
    name: '401 with a claims challenge to every token',
    source: claimsPage,
    responses: [challenge],
    sent: 'PATCH PATCH',
    tokenClaims: [undefined, claims],
    result: { reason: 'CREDENTIAL_UNAVAILABLE' },
    audited: 'rejected',
    get: { sent: 'GET GET', result: { reason: 'CREDENTIAL_UNAVAILABLE' } },
  },
  rejectedToken(
    '401 without a body',
    'RFC 6750, section 3',
    graphResponse(401, '', { 'www-authenticate': 'Bearer realm="", error="invalid_token"' }),
  ),
  rejectedToken(
    '401 to a token for another service',
    'dcblogdev/laravel-microsoft-graph#38',
    graphError(401, 'InvalidAuthenticationToken', 'Access token validation failure. Invalid audience.'),
  ),
  rejectedToken(
    '401 to a token that is denied',
    'Microsoft Learn: graph/resolve-auth-errors',
    graphError(401, 'InvalidAuthenticationToken', 'Access denied'),
  ),
  rejectedToken(
    '401 with a nested Unauthorized',
    'microsoftgraph/msgraph-sdk-powershell#1120',
    nestedIntuneError(401, 'Unauthorized', 'An error has occurred'),
  ),
  rejection(
    '401 with a nested Forbidden',
    'microsoftgraph/microsoft-graph-explorer-v4#706, microsoftgraph/msgraph-sdk-powershell#1257',
    nestedIntuneError(401, 'Forbidden', 'An error has occurred'),
    { reason: 'GRAPH_PERMISSION_MISSING' },
  ),
  rejection(
    '401 whose nested text says that a role is missing',
    'microsoftgraph/msgraph-sdk-powershell#1120',
    graphError(401, 'UnknownError', intuneText('User is not authorized to perform this operation')),
    { reason: 'GRAPH_PERMISSION_MISSING', message: /User is not authorized to perform this operation/ },
  ),
  rejection(
    '401 Forbidden of Intune',
    'AzureAD/microsoft-authentication-library-for-js#1261',
    graphError(401, 'Forbidden', intuneText('An error has occurred')),
    { reason: 'GRAPH_PERMISSION_MISSING' },
  ),
  rejection(
    '401 Forbidden without a message',
    'AzureAD/microsoft-authentication-library-for-js#1261',
    graphError(401, 'Forbidden', ''),
    { reason: 'GRAPH_PERMISSION_MISSING' },
  ),
  rejection(
    '401 with a nested Forbidden that lists the missing permissions',
    'microsoftgraph/msgraph-sdk-powershell#1257',
    nestedIntuneError(
      401,
      'Forbidden',
      'Application is not authorized. Application must have one of the following scopes: A.Read.All, B.Read.All',
    ),
    { reason: 'GRAPH_PERMISSION_MISSING', missingPermissions: ['A.Read.All', 'B.Read.All'] },
  ),
];
