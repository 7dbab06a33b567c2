import { graphError, graphJson, graphResponse } from '../../support/graph-responses.js';
import type { ScriptedResponse } from '../../support/scripted-graph.js';
import { after, before, newCounts, type PublishedAnswer } from './published-answer.js';
import { entity, saved, shows, stored } from './responses.js';

const updatePage = 'Microsoft Learn: intune-devices-devicemanagementscriptuserstate-update';
const accepted = 'RFC 9110, section 15.3.3';
const noContent = 'microsoftgraph/microsoft-graph-docs#11317, microsoftgraph/microsoft-graph-docs-contrib#8701';
const computed = 'Microsoft Learn: intune-devices-devicemanagementscriptuserstate, counts of the devices';
const delayed = 'adamgell/IntuneCommander#37';

const upperCaseName = 'MIA.BERG@CONTOSO.EXAMPLE';
const lowerCaseName = { ...before, userPrincipalName: 'mia.berg@contoso.example' };
const otherState = { ...after, id: before.id.replace(/.{12}$/, '000000000000') };
const clamped = { ...before, successDeviceCount: 5000 };

/** A response that shows the state: nothing more is sent. */
function shown(name: string, source: string, response: ScriptedResponse, userState = after): PublishedAnswer {
  const result = { userState };
  return {
    name,
    source,
    responses: [response],
    sent: 'PATCH',
    result,
    audited: 'applied',
    get: { sent: 'GET', result },
  };
}

/** A response that does not show the state, which has the new values: they are read. */
function hidden(name: string, source: string, response: ScriptedResponse): PublishedAnswer {
  return {
    name,
    source,
    responses: [response],
    sent: 'PATCH GET',
    result: { userState: after },
    audited: 'applied',
    get: { sent: 'GET', result: { reason: 'GRAPH_PROTOCOL' } },
  };
}

/** Responses with a 2xx status. */
export const successes: readonly PublishedAnswer[] = [
  shown('200 with the entity', updatePage, saved),
  shown(
    '200 with the entity in a value',
    'Microsoft Learn: intune-devices-devicemanagementscriptuserstate-get',
    stored(graphJson(200, { value: entity(after) })),
  ),
  shown(
    '200 with properties that are not documented',
    'Microsoft Learn: graph/best-practices-concept, evolvable types',
    stored(
      graphJson(200, {
        '@odata.context': 'https://graph.microsoft.com/beta/$metadata#deviceManagement/deviceShellScripts/$entity',
        ...entity(after),
        pendingDeviceCount: 4,
        'deviceRunStates@odata.count': 7,
      }),
    ),
  ),
  shown(
    '200 without a request id',
    'Microsoft Learn: graph/json-batching, the examples of items',
    stored({ ...graphJson(200, entity(after)), headers: { 'content-type': 'application/json' } }),
  ),
  shown('200 that begins with a byte order mark', 'RFC 8259, section 8.1', { ...saved, encoding: 'byte-order-mark' }),
  shown('200 that is compressed', 'microsoftgraph/msgraph-sdk-powershell#1257: Content-Encoding: gzip', {
    ...saved,
    encoding: 'gzip',
  }),
  shown(
    '200 of a user who was deleted: the name is null',
    'Microsoft Learn: intune-devices-devicemanagementscriptuserstate',
    stored(shows({ ...after, userPrincipalName: null }), { ...newCounts, userPrincipalName: null }),
    { ...after, userPrincipalName: null },
  ),
  {
    name: '200 with the name in lower case',
    source: 'Microsoft Learn: graph/api/resources/user, userPrincipalName',
    input: { patch: { userPrincipalName: upperCaseName } },
    responses: [stored(shows(lowerCaseName), lowerCaseName)],
    sent: 'PATCH',
    result: { userState: lowerCaseName },
    audited: 'applied',
  },
  {
    name: '204, and the state shows the name in lower case',
    source: 'Microsoft Learn: graph/api/resources/user, userPrincipalName',
    input: { patch: { userPrincipalName: upperCaseName } },
    responses: [stored(graphResponse(204, ''), lowerCaseName)],
    sent: 'PATCH GET',
    result: { userState: lowerCaseName },
    audited: 'applied',
  },
  shown(
    '200 with the id in capitals',
    'RFC 9562, section 4: a GUID in either case',
    stored(shows({ ...after, id: before.id.toUpperCase() })),
    { ...after, id: before.id.toUpperCase() },
  ),
  hidden('204', noContent, stored(graphResponse(204, ''))),
  hidden('200 without a body', noContent, stored(graphResponse(200, ''))),
  hidden(
    '200 whose JSON is cut off',
    'RFC 8259, section 2',
    stored(graphResponse(200, JSON.stringify(entity(after)).slice(0, -9))),
  ),
  hidden(
    '200 with a count that is null',
    'Microsoft Learn: intune-devices-devicemanagementscriptuserstate, not nullable',
    stored(graphJson(200, { ...entity(after), successDeviceCount: null })),
  ),
  hidden('200 with a collection', 'OData 4.01 JSON, section 13', stored(graphJson(200, { value: [entity(after)] }))),
  {
    name: '200 with an error',
    source: 'OData 4.01 JSON, section 21',
    responses: [{ ...graphError(500, 'InternalServerError', 'An error has occurred.'), status: 200 }],
    sent: 'PATCH GET GET',
    result: { reason: 'NOT_APPLIED', current: before },
    audited: 'rejected',
    get: { sent: 'GET', result: { reason: 'GRAPH_PROTOCOL' } },
  },
  {
    name: '202, and the state shows the values',
    source: accepted,
    responses: [stored(graphResponse(202, ''))],
    sent: 'PATCH GET',
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '202, and the state does not show them yet',
    source: accepted,
    responses: [graphResponse(202, '')],
    sent: /^PATCH( GET){1,3}$/,
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
  },
  {
    name: '202 with the new values, and the state does not show them yet',
    source: accepted,
    responses: [graphJson(202, entity(after))],
    sent: /^PATCH( GET){1,3}$/,
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
  },
  {
    name: '200 with the old values, and the state keeps them',
    source: computed,
    responses: [shows(before)],
    sent: 'PATCH GET GET',
    result: { reason: 'NOT_APPLIED', current: before },
    audited: 'rejected',
  },
  {
    name: '200 without a request id and with the old values, and the state keeps them',
    source: computed,
    responses: [{ ...shows(before), headers: { 'content-type': 'application/json' } }],
    sent: 'PATCH GET GET',
    result: { reason: 'NOT_APPLIED', current: before },
    audited: 'rejected',
  },
  {
    name: '204, and the state keeps the old values',
    source: computed,
    responses: [graphResponse(204, '')],
    sent: 'PATCH GET GET',
    result: { reason: 'NOT_APPLIED', current: before },
    audited: 'rejected',
  },
  {
    name: '200 with the old values, and the state shows the new ones',
    source: delayed,
    responses: [stored(shows(before))],
    sent: 'PATCH GET',
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '200 with the old values, and the state shows the new ones a little later',
    source: delayed,
    responses: [stored(shows(before))],
    reads: [shows(before), undefined],
    sent: 'PATCH GET GET',
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '200 with a count that Graph has limited',
    source: computed,
    input: { patch: { successDeviceCount: 2_147_483_647 } },
    responses: [stored(shows(clamped), clamped)],
    sent: 'PATCH GET GET',
    result: { reason: 'NOT_APPLIED', current: clamped },
    audited: 'rejected',
  },
  {
    name: '204, and the state cannot be read',
    source: noContent,
    responses: [graphResponse(204, '')],
    reads: [graphResponse(204, '')],
    sent: /^PATCH( GET){1,2}$/,
    result: { reason: 'OUTCOME_UNKNOWN' },
    audited: 'unknown',
  },
  hidden('200 with another state, and the values are stored', 'RFC 9110, section 15.3.1', stored(shows(otherState))),
  {
    name: '200 with another state, and the values are not stored',
    source: 'RFC 9110, section 15.3.1',
    responses: [shows(otherState)],
    sent: /^PATCH( GET){1,2} PATCH( GET){1,2}$/,
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
  },
  {
    name: '204, and the read shows another state',
    source: 'RFC 9110, section 15.3.1',
    responses: [stored(graphResponse(204, ''))],
    reads: [shows(otherState)],
    sent: /^PATCH( GET){1,2}$/,
    result: { reason: 'OUTCOME_UNKNOWN' },
    audited: 'unknown',
  },
  {
    name: 'the values that the caller expects, then 200',
    source: 'Microsoft Learn: intune-devices-devicemanagementscriptuserstate: no ETag',
    input: { expected: { successDeviceCount: 2, userPrincipalName: upperCaseName } },
    responses: [saved],
    sent: 'GET PATCH',
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: 'other values than the caller expects',
    source: 'Microsoft Learn: intune-devices-devicemanagementscriptuserstate: no ETag',
    input: { expected: { errorDeviceCount: 7 } },
    responses: [saved],
    sent: 'GET',
    result: { reason: 'CONFLICT', current: before },
    audited: 'rejected',
  },
];
