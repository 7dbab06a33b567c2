import {
  graphError,
  graphResponse,
  intuneError,
  intuneText,
  nestedIntuneError,
} from '../../support/graph-responses.js';
import type { ScriptedResponse } from '../../support/scripted-graph.js';
import { after, before, type PublishedAnswer } from './published-answer.js';
import { saved, stored } from './responses.js';

const errorsPage = 'Microsoft Learn: graph/errors';
const intuneIssue = 'microsoftgraph/powershell-intune-samples#18, #89';
const timeoutIssue = 'microsoft/Intune-PowerShell-SDK#21';

const serverError = graphError(
  500,
  'UnknownError',
  JSON.stringify({ Message: intuneText('An internal server error has occurred') }),
);
const page = '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><HTML><BODY><h2>Service Unavailable</h2></BODY></HTML>';
const html = { 'content-type': 'text/html; charset=us-ascii' };
const gatewayTimeout = graphError(
  504,
  'UnknownError',
  JSON.stringify({ Message: intuneText('An error has occurred') }),
);

/** The 503 of Intune's own back end after its time limit. */
function cancelled(headers: Readonly<Record<string, string>> = {}): ScriptedResponse {
  const message =
    'ScenarioTimeout=15000ms, RequestTimeout=15000ms,Elaspsed=28387ms, CancelOnTimeout for #6374, Elapsed=28374ms';
  const text = intuneText(message, null, 'CancelOnTimeout4EndExecuteAction');
  return graphError(503, 'CancelledOnServiceTimeout', text, headers);
}

/** A failure with which Graph has finished: a read shows whether the update was applied. */
function finished(name: string, source: string, response: ScriptedResponse): PublishedAnswer {
  return {
    name,
    source,
    responses: [response],
    sent: 'PATCH GET PATCH GET',
    result: { reason: 'GRAPH_UNAVAILABLE' },
    audited: 'rejected',
    get: { sent: 'GET GET GET', result: { reason: 'GRAPH_UNAVAILABLE' } },
  };
}

/** A failure after which Graph may still apply the update, whatever a read shows. */
function unfinished(name: string, source: string, response: ScriptedResponse): PublishedAnswer {
  return {
    name,
    source,
    responses: [response],
    sent: 'PATCH GET PATCH GET',
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
  };
}

/** An update that was applied, although the response says otherwise. */
function applied(name: string, source: string, response: ScriptedResponse): PublishedAnswer {
  return {
    name: `${name}, and the update was applied`,
    source,
    responses: [stored(response)],
    sent: 'PATCH GET',
    result: { userState: after },
    audited: 'applied',
  };
}

/** Responses with a 5xx status of Graph, and 408. */
export const failures: readonly PublishedAnswer[] = [
  finished('500 of Intune', intuneIssue, serverError),
  finished('500', errorsPage, graphError(500, 'InternalServerError', 'An error has occurred.')),
  finished(
    '502',
    'microsoftgraph/msgraph-sdk-dotnet#1167',
    graphError(502, 'BadGateway', 'Failed to execute backend request.'),
  ),
  finished(
    '502 of Graph as a page',
    'Microsoft Learn: graph/best-practices-concept, request-id',
    graphResponse(502, page, html),
  ),
  finished('503 with a page as its message', 'almenscorner/IntuneCD#36', graphError(503, 'UnknownError', page)),
  finished('503', errorsPage, graphError(503, 'ServiceNotAvailable', 'The service is temporarily unavailable.')),
  finished('503 without a body', errorsPage, graphResponse(503, '')),
  applied('500 of Intune', intuneIssue, serverError),
  applied('503', errorsPage, graphError(503, 'ServiceNotAvailable', 'The service is temporarily unavailable.')),
  applied('504 of Intune', 'microsoftgraph/powershell-intune-samples#194', gatewayTimeout),
  applied('503 CancelledOnServiceTimeout', timeoutIssue, cancelled()),
  unfinished(
    '504',
    'microsoft/Intune-PowerShell-SDK#56, microsoftgraph/microsoft-graph-docs#2505',
    graphError(504, 'UnknownError', ''),
  ),
  unfinished('504 of Intune', 'microsoftgraph/powershell-intune-samples#194', gatewayTimeout),
  unfinished('504 with Retry-After', errorsPage, graphError(504, 'GatewayTimeout', '', { 'retry-after': '0' })),
  unfinished('408', errorsPage, graphError(408, 'RequestTimeout', 'The request timed out.')),
  unfinished('503 CancelledOnServiceTimeout', timeoutIssue, cancelled()),
  unfinished('503 CancelledOnServiceTimeout with Retry-After', timeoutIssue, cancelled({ 'retry-after': '0' })),
  unfinished(
    '503 with a nested CancelledOnServiceTimeout',
    timeoutIssue,
    nestedIntuneError(503, 'CancelledOnServiceTimeout', 'An error has occurred'),
  ),
  unfinished(
    '500 whose phrase says CancelOnTimeout',
    timeoutIssue,
    graphError(
      500,
      'InternalServerError',
      intuneText('An error has occurred', null, 'CancelOnTimeout4EndExecuteAction'),
    ),
  ),
  unfinished(
    '504 of Graph as a page',
    'microsoftgraph/microsoft-graph-explorer-v4#4022',
    graphResponse(504, page, html),
  ),
  unfinished(
    '500 of a cancelled task',
    'Microsoft Learn: dotnet/api/system.threading.tasks.taskcanceledexception',
    intuneError(500, 'InternalServerError', 'A task was canceled.'),
  ),
  unfinished(
    '503 of a cancelled operation, with Retry-After',
    'Microsoft Learn: dotnet/api/system.operationcanceledexception',
    graphError(503, 'ServiceUnavailable', 'The operation was canceled.', { 'retry-after': '0' }),
  ),
  unfinished(
    '502 with a nested GatewayTimeout',
    'microsoftgraph/powershell-intune-samples#194',
    nestedIntuneError(502, 'GatewayTimeout', 'An error has occurred'),
  ),
  unfinished(
    '500 after a time limit',
    'Microsoft Learn: dotnet/api/system.timeoutexception',
    graphError(500, 'GeneralException', 'The operation has timed out.'),
  ),
  {
    name: '500 of Intune, then 200',
    source: intuneIssue,
    responses: [serverError, saved],
    sent: 'PATCH GET PATCH',
    result: { userState: after },
    audited: 'applied',
    get: { sent: 'GET GET', result: { userState: after } },
  },
  {
    name: '503 CancelledOnServiceTimeout, then 200',
    source: timeoutIssue,
    responses: [cancelled(), saved],
    sent: 'PATCH GET PATCH',
    result: { userState: after },
    audited: 'applied',
    get: { sent: 'GET GET', result: { userState: after } },
  },
  {
    name: '500 of Intune, and the state cannot be read',
    source: intuneIssue,
    responses: [serverError],
    reads: [serverError],
    sent: 'PATCH GET GET GET',
    result: { reason: 'OUTCOME_UNKNOWN' },
    audited: 'unknown',
  },
  {
    name: '503 CancelledOnServiceTimeout, then 400',
    source: timeoutIssue,
    responses: [cancelled(), graphError(400, 'BadRequest', 'The value of errorDeviceCount is too large.')],
    sent: 'PATCH GET PATCH GET',
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
  },
  {
    name: '500 of Intune, then 400',
    source: intuneIssue,
    responses: [serverError, graphError(400, 'BadRequest', 'The value of errorDeviceCount is too large.')],
    sent: 'PATCH GET PATCH GET',
    result: { reason: 'GRAPH_REJECTED', message: /The value of errorDeviceCount is too large/ },
    audited: 'rejected',
  },
];
