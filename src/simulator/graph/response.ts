import type { ServerResponse } from 'node:http';
import type { Answer } from './answers.js';
import type { GraphRequest } from './request.js';

const diagnostic = JSON.stringify({
  ServerInfo: {
    DataCenter: 'Simulator',
    Slice: 'E',
    Ring: '5',
    ScaleUnit: '000',
    RoleInstance: 'SIMULATOR',
  },
});

/** The headers of an answer, those that Graph puts on every answer included. */
export function answerHeaders(request: GraphRequest, answer: Answer): Readonly<Record<string, string>> {
  return {
    'request-id': request.requestId,
    'client-request-id': request.clientRequestId,
    'x-ms-ags-diagnostic': diagnostic,
    ...(answer.status === 204 ? {} : { 'Content-Type': 'application/json' }),
    ...answer.headers,
  };
}

/** Sends the answer, or does to the connection what the answer says. */
export function deliver(request: GraphRequest, answer: Answer, response: ServerResponse): void {
  const { body, status, delivery } = answer;
  const text = answer.text ?? (body === undefined ? '' : JSON.stringify(body));
  const headers = answerHeaders(request, answer);
  switch (delivery) {
    case 'stall':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'truncated':
      response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text) });
      response.write(text.slice(0, text.length / 2), () => response.destroy());
      return;
    case undefined:
      response.writeHead(status, status === 204 ? headers : { ...headers, 'Content-Length': Buffer.byteLength(text) });
      response.end(text);
  }
}
