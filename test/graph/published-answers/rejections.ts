import {
  graphError,
  graphJson,
  graphResponse,
  intuneError,
  intuneText,
  nestedIntuneError,
} from '../../support/graph-responses.js';
import { type PublishedAnswer, rejection } from './published-answer.js';

const errorsPage = 'Microsoft Learn: graph/errors';
const noRoute =
  'No OData route exists that match template ~/singleton/navigation/key/navigation/key with http verb PATCH for ' +
  'request /DeviceFE/StatelessDeviceFEService/deviceManagement/deviceShellScripts.';
const scopes = ['DeviceManagementScripts.ReadWrite.All', 'DeviceManagementConfiguration.ReadWrite.All'];
const missingScopes =
  'Application is not authorized to perform this operation. Application must have one of the following scopes: ' +
  scopes.join(', ');

/** Responses after which nothing was changed, and that would be the same again. */
export const rejections: readonly PublishedAnswer[] = [
  rejection(
    '400, no method matches the route',
    'microsoftgraph/msgraph-sdk-dotnet#2922',
    graphError(400, 'No method match route template', noRoute),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ),
  rejection(
    '400 of Intune, no OData route',
    'microsoft/Intune-PowerShell-SDK#23',
    intuneError(400, 'BadRequest', noRoute),
    {
      reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED',
    },
  ),
  rejection(
    '400, no OData route, in the inner error',
    'Microsoft Learn: aspnet/web-api/overview/error-handling, innererror',
    graphJson(400, { error: { code: '', message: '', innererror: { message: noRoute, type: '', stacktrace: '' } } }),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ),
  rejection(
    '400, the tenant has no Intune',
    'microsoftgraph/msgraph-beta-sdk-go#198',
    graphError(400, 'BadRequest', 'Request not applicable to target tenant.'),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ),
  rejection(
    '400 of Intune, the tenant has no Intune',
    'ugurkocde/IntuneGet#993',
    intuneError(400, 'BadRequest', 'Request not applicable to target tenant'),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ),
  rejection(
    '400, no such segment',
    'microsoftgraph/microsoft-graph-docs-contrib#7983',
    graphError(400, 'BadRequest', "Resource not found for the segment 'userRunStates'."),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ),
  rejection(
    '404 of Intune, no such segment',
    'microsoftgraph/microsoft-graph-docs-contrib#7983',
    intuneError(404, 'ResourceNotFound', "Resource not found for the segment 'userRunStates'."),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ),
  rejection(
    '400, no method matches the route, without a message',
    'microsoftgraph/msgraph-sdk-dotnet#2922',
    graphError(400, 'No method match route template', ''),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ),
  rejection(
    '400, the URL has no version',
    'Microsoft Learn: graph/use-the-api, version',
    graphError(400, 'BadRequest', 'Invalid version: deviceManagement'),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ),
  rejection('405', errorsPage, graphError(405, 'MethodNotAllowed', 'Specified HTTP method is not allowed.'), {
    reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED',
  }),
  rejection('405 without a body', errorsPage, graphResponse(405, '', { allow: 'GET' }), {
    reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED',
  }),
  rejection('501', errorsPage, graphError(501, 'NotImplemented', 'The requested feature is not implemented.'), {
    reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED',
  }),
  rejection('400', errorsPage, graphError(400, 'BadRequest', 'The value of errorDeviceCount is too large.'), {
    reason: 'GRAPH_REJECTED',
    message: /The value of errorDeviceCount is too large/,
  }),
  rejection(
    '400 of Intune',
    'microsoft/Intune-PowerShell-SDK#23',
    intuneError(400, 'ModelValidationFailure', 'The value of errorDeviceCount is too large'),
    { reason: 'GRAPH_REJECTED', message: /The value of errorDeviceCount is too large$/ },
  ),
  rejection(
    '400 of Intune in another error of Intune',
    'AzureAD/microsoft-authentication-library-for-js#7007',
    nestedIntuneError(400, 'BadRequest', 'The value of errorDeviceCount is too large'),
    { reason: 'GRAPH_REJECTED', message: /The value of errorDeviceCount is too large$/ },
  ),
  rejection(
    '400 with a message in a language',
    'OData 3.0: representing errors in a response',
    graphJson(400, { error: { code: 'BadRequest', message: { lang: 'en-US', value: 'The count is too large.' } } }),
    { reason: 'GRAPH_REJECTED', message: /The count is too large/ },
  ),
  rejection(
    '400 with a message in a language, in the envelope of OData 3',
    'OData 3.0: representing errors in a response',
    graphJson(400, {
      'odata.error': { code: 'BadRequest', message: { lang: 'en-US', value: 'The count is too large' } },
    }),
    { reason: 'GRAPH_REJECTED', message: /Graph's message: The count is too large$/ },
  ),
  rejection(
    '400 with the message in the inner error',
    errorsPage,
    graphJson(400, { error: { code: 'BadRequest', message: '', innerError: { message: 'The count is too large' } } }),
    { reason: 'GRAPH_REJECTED', message: /Graph's message: The count is too large$/ },
  ),
  rejection(
    '400 of Intune with a message in the inner error that says more',
    errorsPage,
    graphJson(400, {
      error: {
        code: 'BadRequest',
        message: intuneText('An error has occurred'),
        innererror: { message: 'The count is too large' },
      },
    }),
    { reason: 'GRAPH_REJECTED', message: /Graph's message: The count is too large$/ },
  ),
  rejection('422', errorsPage, graphError(422, 'UnprocessableEntity', 'Cannot process the request.'), {
    reason: 'GRAPH_REJECTED',
  }),
  rejection(
    '403, a permission of the application is missing',
    'Microsoft Learn: intune/developer/intune-graph-apis',
    graphError(403, 'Forbidden', missingScopes),
    {
      reason: 'GRAPH_PERMISSION_MISSING',
      missingPermissions: scopes,
    },
  ),
  rejection(
    '403 of Intune, a permission of the application is missing',
    'srozemuller/IntuneAssistant#6',
    intuneError(403, 'Forbidden', missingScopes),
    { reason: 'GRAPH_PERMISSION_MISSING', missingPermissions: scopes },
  ),
  rejection(
    '403, the application has no permission at all',
    'microsoft/Intune-PowerShell-SDK#121',
    intuneError(
      403,
      'Forbidden',
      'Application is not authorized to perform this operation as called in app only context but does not have ' +
        'application permissions configured.',
    ),
    { reason: 'GRAPH_PERMISSION_MISSING' },
  ),
  rejection(
    '403, a role of the person is missing',
    'microsoft/intune-my-macs#10',
    nestedIntuneError(403, 'Forbidden', 'User is not authorized to perform this operation'),
    { reason: 'GRAPH_PERMISSION_MISSING', message: /User is not authorized to perform this operation/ },
  ),
  rejection(
    '403 of Graph itself',
    'PBKoning/RemoveAutoPilotDevices#2',
    graphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'),
    { reason: 'GRAPH_PERMISSION_MISSING', message: /Insufficient privileges/ },
  ),
  rejection('404', errorsPage, graphError(404, 'ResourceNotFound', 'The resource does not exist.'), {
    reason: 'GRAPH_NOT_FOUND',
  }),
  rejection(
    '404 of Intune',
    errorsPage,
    graphError(404, 'UnknownError', JSON.stringify({ Message: intuneText('Not found') })),
    {
      reason: 'GRAPH_NOT_FOUND',
    },
  ),
  rejection('410', errorsPage, graphError(410, 'Gone', 'The resource is no longer available.'), {
    reason: 'GRAPH_NOT_FOUND',
  }),
  rejection(
    '307 of Graph',
    'RFC 9110, section 15.4.8',
    graphResponse(307, '', { location: 'https://graph.microsoft.com/v1.0/deviceManagement' }),
    { reason: 'GRAPH_PROTOCOL' },
  ),
  rejection('409', errorsPage, graphError(409, 'Conflict', 'The entity was changed by another request.'), {
    reason: 'CONFLICT',
    message: /The entity was changed by another request/,
  }),
  rejection('409 of Intune', errorsPage, intuneError(409, 'Conflict', 'The entity was changed'), {
    reason: 'CONFLICT',
    message: /The entity was changed$/,
  }),
  rejection('423', errorsPage, graphError(423, 'Locked', 'The script is locked.'), {
    reason: 'CONFLICT',
    message: /The script is locked/,
  }),
  rejection(
    '423 whose code says that access is denied',
    'OneDrive/onedrive-api-docs#1199',
    graphError(423, 'accessDenied', 'The script is currently checked out or locked for editing by another user.'),
    { reason: 'CONFLICT', message: /locked for editing by another user/ },
  ),
  rejection('423 of Intune', errorsPage, intuneError(423, 'resourceLocked', 'The script is being evaluated'), {
    reason: 'CONFLICT',
    message: /The script is being evaluated/,
  }),
];
