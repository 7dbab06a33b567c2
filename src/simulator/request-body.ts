import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const decompress = promisify(gunzip);

/**
 * Reads the body of a request as text. Like Graph, it accepts gzip, which Kiota's compression handler sends. A body
 * that cannot be decompressed is returned as it is: it is not JSON, which Graph rejects with a 400.
 */
export async function readBody(message: IncomingMessage): Promise<string> {
  const received = await buffer(message);
  const isCompressed = message.headers['content-encoding']?.toLowerCase() === 'gzip';
  const bytes = isCompressed ? await decompress(received).catch(() => received) : received;
  return new TextDecoder().decode(bytes);
}
