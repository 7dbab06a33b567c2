import { after, type PublishedAnswer, rejection } from './published-answer.js';
import { graphError, graphResponse, intuneText, nestedIntuneError, saved } from './responses.js';

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
  {
    name: '401 to every token',
    source: 'Microsoft Learn: graph/resolve-auth-errors',
    responses: [expired],
    sent: 'PATCH PATCH',
    tokenClaims: [undefined, undefined],
    result: { reason: 'CREDENTIAL_UNAVAILABLE' },
    audited: 'rejected',
    get: { sent: 'GET GET', result: { reason: 'CREDENTIAL_UNAVAILABLE' } },
  },
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
  {
    name: '401 without a body',
    source: 'RFC 6750, section 3',
    responses: [graphResponse(401, '', { 'www-authenticate': 'Bearer realm="", error="invalid_token"' })],
    sent: 'PATCH PATCH',
    tokenClaims: [undefined, undefined],
    result: { reason: 'CREDENTIAL_UNAVAILABLE' },
    audited: 'rejected',
    get: { sent: 'GET GET', result: { reason: 'CREDENTIAL_UNAVAILABLE' } },
  },
  {
    name: '401 to a token for another service',
    source: 'dcblogdev/laravel-microsoft-graph#38',
    responses: [graphError(401, 'InvalidAuthenticationToken', 'Access token validation failure. Invalid audience.')],
    sent: 'PATCH PATCH',
    tokenClaims: [undefined, undefined],
    result: { reason: 'CREDENTIAL_UNAVAILABLE' },
    audited: 'rejected',
    get: { sent: 'GET GET', result: { reason: 'CREDENTIAL_UNAVAILABLE' } },
  },
  {
    name: '401 with a nested Unauthorized',
    source: 'microsoftgraph/msgraph-sdk-powershell#1120',
    responses: [nestedIntuneError(401, 'Unauthorized', 'An error has occurred')],
    sent: 'PATCH PATCH',
    tokenClaims: [undefined, undefined],
    result: { reason: 'CREDENTIAL_UNAVAILABLE' },
    audited: 'rejected',
    get: { sent: 'GET GET', result: { reason: 'CREDENTIAL_UNAVAILABLE' } },
  },
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
];
