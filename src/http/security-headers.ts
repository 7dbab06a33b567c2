import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import type { SyncMiddleware } from './sync-middleware.js';

/** What browsers are told about every answer: nothing from elsewhere, in no frame, no guessing, and no cache keeps it. */
export function securityHeaders(secure: boolean): SyncMiddleware {
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: secure && { maxAge: 31_536_000, includeSubDomains: false },
  });
  // They are the same for every answer: Helmet's thirteen steps are taken once.
  const request = new IncomingMessage(new Socket());
  const answer = new ServerResponse(request);
  setHeaders(request, answer, () => undefined);
  // Everything here is personal, or leads to what is.
  const headers = [...Object.entries(answer.getHeaders()), ['cache-control', 'no-store'] as const];
  return (_request, response) => {
    for (const [name, value = ''] of headers) response.setHeader(name, value);
  };
}
