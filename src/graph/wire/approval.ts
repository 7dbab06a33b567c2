import type { ErrorBody } from './error-body.js';
import type { ResponseHeaders } from './provenance.js';

/** A response that concerns multi admin approval. */
export type ApprovalState =
  | { readonly state: 'justification-required' }
  /** The change is filed for approval, by this request or an earlier one. The code of an earlier one can be missing. */
  | { readonly state: 'pending'; readonly code: string | undefined };

const codeHeader = 'x-msft-approval-code';

/** The change needs an approval: `ApprovalRequired`, `Approval Required`. */
const approvalRequired =
  /\bapproval\s?(?:is\s)?(?:required|pending)|\brequires? (?:an? )?approval|\b(?:pending|awaiting) approval/i;

/** An approval that has ended without success. */
const approvalEnded = /\b(?:rejected|denied|expired|cancell?ed|invalid|not valid|not found)\b/i;

const guid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** `x-msft-approval-code: <guid>`, `Approval Request ID <guid>`. */
const labelledCode = new RegExp(`approval[-\\s]?(?:code|request(?:\\s?id)?)\\W{1,10}(${guid})`, 'i');

/** The first GUID after the word. */
const anyCode = new RegExp(`\\bapproval[^]*?(${guid})`, 'i');

/**
 * Recognizes the responses of multi admin approval. Graph has sent them with several statuses; responses in a batch
 * have the code in their message only.
 *
 * @param words the codes and texts of the body
 * @see https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api
 */
export function approvalStateOf(
  status: number,
  headers: ResponseHeaders,
  body: ErrorBody,
  words: string,
): ApprovalState | undefined {
  if (status !== 202 && status < 400) return undefined;
  const sent = headers.get(codeHeader) ?? body.approvalCode;
  const labelled = /^[\w-]{1,64}$/.exec(sent ?? '')?.[0] ?? labelledCode.exec(words)?.[1];
  if (sent !== undefined) return { state: 'pending', code: labelled };
  if (status >= 500) return undefined;
  const isRequired = approvalRequired.test(words);
  const namesJustification = /x-msft-approval-justification/i.test(words);
  if (namesJustification && labelled === undefined && [400, 403, 412].includes(status)) {
    return { state: 'justification-required' };
  }
  if (isRequired) return { state: 'pending', code: labelled ?? anyCode.exec(words)?.[1] };
  const isQueued = (status === 409 || status === 412) && /\bapprov/i.test(words) && !approvalEnded.test(words);
  return isQueued ? { state: 'pending', code: labelled } : undefined;
}
