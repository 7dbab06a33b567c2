import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { invalidInput, Refusal } from '../../api/errors.js';
import { maxUpdates } from '../../api/inputs/user-state.js';
import { bodyTimeoutMs, maxBodyBytes } from '../request-body.js';
import { createByteBuffer } from './byte-buffer.js';
import { createJsonTokenCounter } from './json-tokens.js';

/** The limit for calls that are not bulk calls. */
const maxBytes = 64 * 1024;

/** The maximum number of structural characters: an update with all its fields has 27. */
const maxTokens = 28 * maxUpdates;

/** The limit of different field names. The inputs of a batch have fewer. */
const maxNames = 64;

/** Reads the body into `request.body`, as text: the calls parse it themselves, after they have checked the role. */
export const readBody: RequestHandler = (request, response, next) => {
  const { 'content-encoding': encoding = 'identity', 'content-length': length = '0' } = request.headers;
  const { admission, calls } = response.locals;
  const isBulk = calls !== undefined && calls.bulkCalls > 0;
  const limit = isBulk ? maxBodyBytes : maxBytes;
  const unit = isBulk ? 'rowBytes' : 'bytes';
  if (encoding !== 'identity') {
    throw invalidInput('The request body must not be compressed', [], 'UNSUPPORTED_MEDIA_TYPE');
  }
  if (Number(length) > limit) throw tooLarge();
  if (request.destroyed) throw new Refusal('CLIENT_CLOSED');
  let admitted = Number(length);
  admission?.add(unit, admitted);

  const body = createByteBuffer(limit);
  const countTokens = isBulk ? createJsonTokenCounter() : undefined;
  const onData = (chunk: Buffer) => {
    const tokens = countTokens?.(chunk);
    if (!body.append(chunk) || (tokens !== undefined && tokens.count > maxTokens)) return finish(tooLarge());
    if (tokens !== undefined && tokens.names.size > maxNames) {
      return finish(invalidInput('must not have unknown fields'));
    }
    // The length of a chunked body is not known in advance.
    const { size } = body;
    if (size > admitted) {
      try {
        admission?.add(unit, size - admitted);
      } catch (error) {
        return finish(error);
      }
      admitted = size;
    }
  };
  const onEnd = () => {
    const bytes = body.bytes();
    // A parser may ignore a byte order mark (RFC 8259, 8.1).
    request.body = bytes.toString('utf8').replace(/^\uFEFF+/, '');
    finish(isUtf8(bytes) ? undefined : invalidInput('The request body must be UTF-8'));
  };
  const onClose = () => finish(new Refusal('CLIENT_CLOSED'));
  const timeout = setTimeout(() => {
    response.setHeader('connection', 'close');
    finish(invalidInput('The request body was not received in time', [], 'TIMEOUT'));
  }, bodyTimeoutMs);
  const finish = (error?: unknown) => {
    clearTimeout(timeout);
    request.off('data', onData).off('end', onEnd).off('close', onClose);
    // Discards the rest of the body, so that the client reads the response.
    if (error !== undefined) request.resume();
    next(error);
  };
  request.on('data', onData).on('end', onEnd).on('close', onClose);
  if (expectsContinue(request)) response.writeContinue();
};

/**
 * Whether the client waits for `100 Continue` before it sends the body. HTTP/1.0 does not have it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
 */
function expectsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1' && /(?:^|\W)100-continue(?:$|\W)/i.test(headers.expect ?? '');
}

function tooLarge(): Refusal {
  return invalidInput('The request body is too large', [], 'PAYLOAD_TOO_LARGE');
}
