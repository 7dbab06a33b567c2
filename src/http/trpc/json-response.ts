import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';

/** Shorter texts are sent uncompressed: compression would not save a noticeable time on any connection. */
const minCompressedLength = 4_096;

const compress = promisify(gzip);

/**
 * Sends a JSON text, compressed with gzip if the client accepts that: lists shrink to about a tenth. Responses contain
 * no secret that an attacker could guess from their length (BREACH), and other sites cannot request them.
 */
export async function sendJson(request: Request, response: Response, text: string): Promise<void> {
  response.setHeader('content-type', 'application/json');
  if (text.length < minCompressedLength) {
    response.end(text);
    return;
  }
  response.vary('accept-encoding');
  if (request.acceptsEncodings(['gzip', 'identity']) !== 'gzip') {
    response.end(text);
    return;
  }
  const compressed = await compress(text, { level: 3 });
  response.setHeader('content-encoding', 'gzip');
  response.end(compressed);
}
