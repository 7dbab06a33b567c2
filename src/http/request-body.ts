import type { IncomingMessage, ServerResponse } from 'node:http';

/** The longest time in milliseconds that a client may take to send a body. */
export const bodyTimeoutMs = 20_000;

/** The largest body that any procedure accepts: 5,000 rows with ids and names of usual length. */
export const maxBodyBytes = 4 * 1024 * 1024;

/**
 * Discards what a client still sends of a body after the response, so that it reads the response: closing the
 * connection at once would reset it. Closes the connection when more is sent than any client has reason to.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function discardUnreadBody(request: IncomingMessage, response: ServerResponse): void {
  // Before Node's own listener, which would discard the body without a limit.
  response.prependOnceListener('finish', () => {
    if (request.complete) return;
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) request.destroy();
    });
  });
}
