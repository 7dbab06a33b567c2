import type { ScriptedResponse } from '../../support/scripted-graph.js';
import { after, before, type ExpectedResult, type PublishedAnswer } from './published-answer.js';
import { graphError, graphResponse, intuneError, saved } from './responses.js';

const approvalPage = 'Microsoft Learn: intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api';
const approvalCode = 'aabb1234-5678-4012-abcd-ef0123456789';
const code = { 'x-msft-approval-code': approvalCode };
const justified = { approval: { justification: 'Zähler nach dem Umzug berichtigt' } };
const justification = { 'x-msft-approval-justification': 'WsOkaGxlciBuYWNoIGRlbSBVbXp1ZyBiZXJpY2h0aWd0' };
const withCodeInText =
  'Approval Required. Request Approval using the request ID returned as part of the x-msft-approval-code response ' +
  `header. x-msft-approval-code: ${approvalCode}`;

/** A response that files the change for approval: it is not sent again. */
function queued(
  name: string,
  source: string,
  response: ScriptedResponse,
  result: Partial<Exclude<ExpectedResult, { userState: unknown }>> = { approvalCode },
): PublishedAnswer {
  return {
    name,
    source,
    input: justified,
    responses: [response],
    sent: 'PATCH',
    approvalHeaders: justification,
    result: { reason: 'APPROVAL_PENDING', ...result },
    audited: 'pending-approval',
  };
}

/** A response to a change without a justification. */
function unjustified(name: string, source: string, response: ScriptedResponse): PublishedAnswer {
  return {
    name,
    source,
    responses: [response],
    sent: 'PATCH',
    result: { reason: 'APPROVAL_JUSTIFICATION_REQUIRED' },
    audited: 'rejected',
  };
}

/** Responses of multi admin approval, and those that resemble them. */
export const approvals: readonly PublishedAnswer[] = [
  queued('412 with a code', approvalPage, graphError(412, 'BadRequest', 'Approval Required.', code)),
  queued('412 with a code and without a body', approvalPage, graphResponse(412, '', code)),
  queued(
    '412 of Intune with a code in header and message',
    approvalPage,
    intuneError(412, 'BadRequest', withCodeInText, code),
  ),
  queued('412 with the code in the message only', approvalPage, intuneError(412, 'BadRequest', withCodeInText)),
  queued('403 with a code', approvalPage, graphError(403, 'ApprovalRequired', 'Approval Required.', code)),
  queued('403 with the code in the message only', approvalPage, graphError(403, 'ApprovalRequired', withCodeInText)),
  queued('403 ApprovalRequired without a code', approvalPage, graphError(403, 'ApprovalRequired', ''), {}),
  queued(
    '403 "Approval Required" without a code',
    approvalPage,
    intuneError(403, 'Forbidden', 'Approval Required.'),
    {},
  ),
  queued('202 with a code', approvalPage, graphResponse(202, '', code)),
  queued(
    '409, the change is queued already',
    approvalPage,
    intuneError(409, 'Conflict', 'An active Approval Request already exists for this entity.'),
    { message: /An active Approval Request already exists for this entity/ },
  ),
  queued(
    '409 of Graph itself, the change is queued already',
    approvalPage,
    graphError(409, 'Conflict', 'An active Approval Request already exists for this entity'),
    {},
  ),
  unjustified(
    '400, no justification',
    approvalPage,
    graphError(400, 'BadRequest', "Header 'x-msft-approval-justification' is required to request approval."),
  ),
  unjustified(
    '400 of Intune, no justification',
    'Microsoft365DSC/Microsoft365DSC#7236',
    intuneError(400, 'BadRequest', "Header 'x-msft-approval-justification' is required to request approval"),
  ),
  {
    name: '400, the justification is too long for Graph',
    source: approvalPage,
    input: justified,
    responses: [
      intuneError(
        400,
        'BadRequest',
        "Decoded content of 'x-msft-approval-justification' header must be no greater than 1024 characters",
      ),
    ],
    sent: 'PATCH',
    approvalHeaders: justification,
    result: { reason: 'APPROVAL_JUSTIFICATION_REQUIRED', message: /must be no greater than 1024 characters/ },
    audited: 'rejected',
  },
  unjustified(
    '403, no justification',
    'Microsoft Learn: intune/whats-new, multi admin approval for applications',
    graphError(403, 'Forbidden', "Approval Required: the header 'x-msft-approval-justification' is missing."),
  ),
  {
    name: '200 to an approved change with its code',
    source: approvalPage,
    input: { approval: { code: approvalCode } },
    responses: [saved],
    sent: 'PATCH',
    approvalHeaders: code,
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '200 to a justified change where nothing has to be approved',
    source: approvalPage,
    input: justified,
    responses: [saved],
    sent: 'PATCH',
    approvalHeaders: justification,
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '403 to a code of another identity or for another body',
    source: approvalPage,
    input: { approval: { code: approvalCode } },
    responses: [graphError(403, 'Forbidden', '')],
    sent: 'PATCH',
    approvalHeaders: code,
    result: { reason: 'GRAPH_PERMISSION_MISSING' },
    audited: 'rejected',
  },
  {
    name: '504 to a justified change: it may be queued, and is not sent again',
    source: approvalPage,
    input: justified,
    responses: [graphError(504, 'UnknownError', '')],
    sent: 'PATCH GET',
    approvalHeaders: justification,
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
  },
  {
    name: '500 to a justified change: it may be queued, and is not sent again',
    source: approvalPage,
    input: justified,
    responses: [intuneError(500, 'InternalServerError', 'An error has occurred')],
    sent: 'PATCH GET',
    approvalHeaders: justification,
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
  },
  {
    name: '429 to a justified change: it may be queued, and is not sent again',
    source: approvalPage,
    input: justified,
    responses: [graphError(429, 'TooManyRequests', 'Too many requests.', { 'retry-after': '0' })],
    sent: 'PATCH GET',
    approvalHeaders: justification,
    result: { reason: 'THROTTLED', retryAfterMs: 0 },
    audited: 'unknown',
  },
  {
    name: 'other values than the caller of an approved change expects',
    source: approvalPage,
    input: { approval: { code: approvalCode }, expected: { successDeviceCount: 1 } },
    responses: [saved],
    sent: 'GET',
    result: { reason: 'CONFLICT', current: before },
    audited: 'rejected',
  },
  {
    name: '412 ConditionNotMet, without any word of approval',
    source: 'microsoftgraph/microsoft-graph-docs-contrib#1955',
    responses: [intuneError(412, 'ConditionNotMet', 'An error has occurred')],
    sent: 'PATCH',
    result: { reason: 'CONFLICT', message: /An error has occurred/ },
    audited: 'rejected',
  },
  {
    name: '412 ConditionNotMet to a justified change',
    source: 'microsoftgraph/microsoft-graph-docs-contrib#1955',
    input: justified,
    responses: [graphError(412, 'PreconditionFailed', 'ConditionNotMet')],
    sent: 'PATCH',
    approvalHeaders: justification,
    result: { reason: 'CONFLICT' },
    audited: 'rejected',
  },
  {
    name: '412 without a body',
    source: 'microsoftgraph/microsoft-graph-docs-contrib#1955',
    responses: [graphResponse(412, '')],
    sent: 'PATCH',
    result: { reason: 'CONFLICT' },
    audited: 'rejected',
  },
];
