import type { Reason, RouterInputs } from '../../../src/contract.js';
import type { ScriptUserState } from '../../../src/script-user-state.js';
import type { ScriptedResponse } from '../../support/scripted-graph.js';

type Patch = RouterInputs['scriptUserState']['update']['patch'];

/** What the caller gets: the state, or an error with exactly this data, apart from ids and the fields of tRPC. */
export type ExpectedResult =
  | { readonly userState: ScriptUserState }
  | {
      readonly reason: Reason;
      readonly message?: RegExp;
      readonly retryAfterMs?: number;
      readonly approvalCode?: string;
      readonly missingPermissions?: readonly string[];
      readonly current?: ScriptUserState;
    };

/** One row of the table: how Graph responds to an update, and the effects. */
export interface PublishedAnswer {
  readonly name: string;
  /** Where the response is published: a page of Microsoft, or an issue. */
  readonly source: string;
  /** The responses to the PATCH requests in order, the last one to all further ones. */
  readonly responses: readonly ScriptedResponse[];
  /** The responses to the GET requests, in the same way; `undefined`: the state as it is. That is the default. */
  readonly reads?: readonly (ScriptedResponse | undefined)[];
  /** The fields of the update besides its target; {@link newCounts} by default. */
  readonly input?: {
    readonly patch?: Patch;
    readonly expected?: Partial<Omit<ScriptUserState, 'id'>>;
    readonly approval?: { readonly justification?: string; readonly code?: string };
  };
  /** The methods of the requests for this state in their order, such as `PATCH GET`. */
  readonly sent: string | RegExp;
  readonly result: ExpectedResult;
  /** The outcome in the audit line, whose reason is that of the result. */
  readonly audited: 'applied' | 'rejected' | 'pending-approval' | 'unknown';
  /** The approval headers of the first PATCH. */
  readonly approvalHeaders?: Readonly<Record<string, string>>;
  /** The claims of each request for a token; one without claims by default. */
  readonly tokenClaims?: readonly (string | undefined)[];
  /** The effects of a read with the same responses. Omitted where they add nothing. */
  readonly get?: { readonly sent: string | RegExp; readonly result: ExpectedResult };
}

const scriptId = 'b19e3078-3078-4b19-8e78-30b1789eb130';

/** The state that the calls read and update. Its id has the form of real ids. */
export const target = {
  scriptKind: 'deviceShellScript',
  scriptId,
  userStateId: `${scriptId}:5f0d1a52-9c3e-4a57-b6d8-3a2f6c1e90ab`,
} as const;

/** The state before every row. */
export const before: ScriptUserState = {
  id: target.userStateId,
  successDeviceCount: 2,
  errorDeviceCount: 1,
  userPrincipalName: 'Mia.Berg@contoso.example',
};

/** The values that a row writes by default. */
export const newCounts = { successDeviceCount: 3, errorDeviceCount: 0 };

/** The state with these values. */
export const after: ScriptUserState = { ...before, ...newCounts };

/** A row whose single response rejects updates and reads alike: nothing is sent again, and nothing is read. */
export function rejection(
  name: string,
  source: string,
  response: ScriptedResponse,
  result: Exclude<ExpectedResult, { readonly userState: ScriptUserState }>,
): PublishedAnswer {
  return {
    name,
    source,
    responses: [response],
    sent: 'PATCH',
    result,
    audited: 'rejected',
    get: { sent: 'GET', result },
  };
}
