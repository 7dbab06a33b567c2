import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { z } from 'zod';

/** Everything that an error response may contain: strict, so that a `stack` or another extra field fails the test. */
const errorBody = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1),
    code: z.int().negative(),
    data: z.strictObject({
      code: z.string(),
      httpStatus: z.int(),
      path: z.string().optional(),
      reason: z.string(),
      requestId: z.string().min(1),
      issues: z
        .array(z.strictObject({ path: z.array(z.union([z.string(), z.int()])), message: z.string() }))
        .min(1)
        .optional(),
    }),
  }),
});

const codes: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

/** Asserts that a request is rejected, in the contract's shape. */
export async function expectRefused(
  sent: PromiseLike<unknown>,
  status: number,
  reason = 'INVALID_INPUT',
): Promise<void> {
  const response = z
    .object({ status: z.int(), headers: z.record(z.string(), z.string()), body: z.unknown() })
    .parse(await sent);
  expect(response.status, JSON.stringify(response.body)).toBe(status);
  expect(response.headers['content-type']).toMatch(/^application\/json\b/);
  expect(response.headers['cache-control']).toBe('no-store');
  const { data } = errorBody.parse(response.body).error;
  expect(data).toMatchObject({ code: codes[status], httpStatus: status, reason });
  expect(data.requestId).toBe(response.headers['x-request-id']);
}

/** Sends bytes over a new connection. @returns all that the service sends until it closes the connection */
export async function sendBytes(port: string, bytes: string): Promise<string> {
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(bytes);
  return text(socket);
}

/** Sends a request that no HTTP client would send. */
export async function sendRaw(port: string, lines: readonly string[], body = '') {
  const response = await sendBytes(port, `${lines.join('\r\n')}\r\n\r\n${body}`);
  const [head = '', ...rest] = response.split('\r\n\r\n');
  const [statusLine = '', ...headers] = head.split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(
      headers.map((line) => [line.replace(/:.*/, '').toLowerCase(), line.replace(/^.*?: /, '')]),
    ),
    body: JSON.parse(rest.join('\r\n\r\n')) as unknown,
  };
}
