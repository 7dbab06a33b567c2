import { isUtf8 } from 'node:buffer';
import type { RequestHandler } from 'express';
import { invalidInput, Refusal } from '../../api/errors.js';
import { maxUpdates } from '../../api/inputs/user-state.js';
import { createJsonTokenCounter } from './json-tokens.js';

const maxBytes = 64 * 1024;

/** The limit for bulk calls: 5,000 rows with ids and names of usual length. */
const maxBulkBytes = 4 * 1024 * 1024;

/** The limit of structural characters: an update with all its fields has 27. */
const maxTokens = 28 * maxUpdates;

/** Reads the body into `request.body`, as text: the calls parse it themselves, after they have checked the role. */
export const readBody: RequestHandler = (request, response, next) => {
  const { 'content-encoding': encoding = 'identity', 'content-length': length = '0' } = request.headers;
  const { admission, calls } = response.locals;
  const isBulk = calls !== undefined && calls.bulkCalls > 0;
  const limit = isBulk ? maxBulkBytes : maxBytes;
  const unit = isBulk ? 'rowBytes' : 'bytes';
  if (encoding !== 'identity') {
    throw invalidInput('The request body must not be compressed', [], 'UNSUPPORTED_MEDIA_TYPE');
  }
  if (Number(length) > limit) throw tooLarge();
  if (request.destroyed) throw new Refusal('CLIENT_CLOSED');
  let admitted = Number(length);
  admission?.add(unit, admitted);

  const chunks: Buffer[] = [];
  let size = 0;
  const countTokens = isBulk ? createJsonTokenCounter() : () => 0;
  const onData = (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit || countTokens(chunk) > maxTokens) return finish(tooLarge());
    // The length of a chunked body is not known in advance.
    if (size > admitted) {
      try {
        admission?.add(unit, size - admitted);
      } catch (error) {
        return finish(error);
      }
      admitted = size;
    }
    chunks.push(chunk);
  };
  const onEnd = () => {
    const body = Buffer.concat(chunks);
    // A parser may ignore a byte order mark (RFC 8259, 8.1).
    request.body = body.toString('utf8').replace(/^\uFEFF+/, '');
    finish(isUtf8(body) ? undefined : invalidInput('The request body must be UTF-8'));
  };
  const onClose = () => finish(new Refusal('CLIENT_CLOSED'));
  const finish = (error?: unknown) => {
    request.off('data', onData).off('end', onEnd).off('close', onClose);
    // Discards the rest of the body, so that the client reads the response.
    if (error !== undefined) request.resume();
    next(error);
  };
  request.on('data', onData).on('end', onEnd).on('close', onClose);
};

function tooLarge(): Refusal {
  return invalidInput('The request body is too large', [], 'PAYLOAD_TOO_LARGE');
}
