import { isUtf8 } from 'node:buffer';
import type { RequestHandler } from 'express';
import { invalidInput, Refusal } from '../../api/errors.js';

const maxBytes = 64 * 1024;

/** Of procedures that take many things at a time. */
const maxLongBytes = 1024 * 1024;

/** Reads the body once, under its limit, as text: parsing it is the calls' own. */
export const readBody: RequestHandler = (request, response, next) => {
  const { headers } = request;
  const limit = response.locals.calls?.largeBody ? maxLongBytes : maxBytes;
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw invalidInput('the body must not be compressed', [], 'UNSUPPORTED_MEDIA_TYPE');
  }
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge();

  if (request.destroyed) throw new Refusal('CLIENT_CLOSED');

  const chunks: Buffer[] = [];
  let size = 0;
  const onData = (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) settle(tooLarge());
    else chunks.push(chunk);
  };
  const onEnd = () => {
    const body = Buffer.concat(chunks);
    // A byte order mark may be ignored (RFC 8259, 8.1).
    request.body = body.toString('utf8').replace(/^\uFEFF+/, '');
    settle(isUtf8(body) ? undefined : invalidInput('the body is not UTF-8'));
  };
  const onClose = () => settle(new Refusal('CLIENT_CLOSED'));
  const settle = (error?: Refusal) => {
    request.off('data', onData).off('end', onEnd).off('close', onClose);
    // What is left of it is let pass by.
    if (error !== undefined) request.resume();
    next(error);
  };
  request.on('data', onData).on('end', onEnd).on('close', onClose);
};

function tooLarge(): Refusal {
  return invalidInput('the body is too large', [], 'PAYLOAD_TOO_LARGE');
}
