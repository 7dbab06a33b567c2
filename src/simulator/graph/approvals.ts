import { randomUUID } from 'node:crypto';
import type { Settings } from '../settings.js';
import { type Answer, badRequest, intuneError } from './answers.js';
import type { GraphRequest } from './request.js';
import type { Outcome, Write } from './routes.js';

/** A write that waits for a second administrator. */
interface Approval {
  readonly code: string;
  readonly method: string;
  readonly path: string;
  readonly justification: string | null;
  readonly approved: boolean;
}

/** Multi admin approval: who asks for a write first, and who lets it through. */
export interface Approvals {
  /** The write itself when nothing stands in its way, otherwise what Intune answers. */
  gate(request: GraphRequest, write: Write): Outcome;
  /** Queues the request and gives its 412. */
  queue(request: GraphRequest): Answer;
  list(): readonly Approval[];
  /** Approves as the second administrator; false when there is no such code. */
  approve(code: string): boolean;
}

const codeHeader = 'x-msft-approval-code';
const justificationHeader = 'x-msft-approval-justification';

/** Starts an empty queue of approvals. */
export function createApprovals(settings: Settings): Approvals {
  // A code is good for the identical request alone.
  const queued = new Map<string, { readonly approval: Approval; readonly identity: string }>();

  function queue(request: GraphRequest): Answer {
    const code = randomUUID();
    const { method, path } = request;
    const justification = decode(request.headers[justificationHeader] ?? '') ?? null;
    queued.set(code, { approval: { code, method, path, justification, approved: false }, identity: identity(request) });
    return pending(request, code);
  }

  return {
    gate(request, write) {
      const code = request.headers[codeHeader] ?? '';
      const known = queued.get(code);
      if (known !== undefined && known.identity === identity(request)) {
        if (!known.approval.approved) return pending(request, code);
        return {
          unapplied: write.unapplied,
          apply() {
            queued.delete(code);
            return write.apply();
          },
        };
      }
      if (!settings.approval) return write;
      const header = request.headers[justificationHeader];
      if (header === undefined) return justificationRequired(request);
      if (decode(header) === undefined) {
        const text = `The header ${justificationHeader} must be base64 of 1 to 1024 characters of UTF-8`;
        return badRequest(request, text);
      }
      // Queueing is an effect too: a fault that drops the request must not leave an approval behind.
      return { unapplied: pending(request, randomUUID()), apply: () => queue(request) };
    },
    queue,
    list: () => [...queued.values()].map(({ approval }) => approval),
    approve(code) {
      const known = queued.get(code);
      if (known !== undefined) queued.set(code, { ...known, approval: { ...known.approval, approved: true } });
      return known !== undefined;
    },
  };
}

/** 400: the request lacks a justification. */
export function justificationRequired(request: GraphRequest): Answer {
  return badRequest(request, `Multi admin approval is required: send the header ${justificationHeader}`);
}

function pending(request: GraphRequest, code: string): Answer {
  const text = `The request waits for the approval of another administrator: ${codeHeader}: ${code}`;
  return intuneError(request, 412, 'PreconditionFailed', text, { headers: { [codeHeader]: code } });
}

function identity({ method, path, body }: GraphRequest): string {
  return JSON.stringify([method, path, body]);
}

function decode(header: string): string | undefined {
  const bytes = Buffer.from(header, 'base64');
  if (header === '' || bytes.toString('base64') !== header) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.length <= 1024 ? text : undefined;
  } catch {
    return undefined;
  }
}
