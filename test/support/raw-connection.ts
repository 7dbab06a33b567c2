import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';

/** A connection over which a test sends bytes as no HTTP client would. */
export interface RawConnection {
  readonly socket: Socket;
  /** All that the service has sent. */
  readonly received: () => string;
  /** The status of each response. Only headers may contain the text of a status line. */
  readonly statuses: () => readonly number[];
  /** Resolves when the connection is closed, by whatever side. */
  readonly closed: Promise<unknown>;
}

/** Opens a connection. @param reads whether the client reads what the service sends */
export async function openConnection(address: string, reads = true): Promise<RawConnection> {
  const { port, hostname } = new URL(address);
  const socket = connect(Number(port), hostname);
  let received = '';
  if (reads) socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  const closed = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return {
    socket,
    received: () => received,
    statuses: () => [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status)),
    closed,
  };
}

/** The lines of a call's head. */
export const callHead = (path: string, headers: readonly string[] = []): string =>
  [
    `POST /trpc/${path} HTTP/1.1`,
    'host: localhost',
    'x-csrf: 1',
    'content-type: application/json',
    ...headers,
    '',
    '',
  ].join('\r\n');

/** Resolves when the service has sent so many responses. */
export async function untilStatuses(connection: RawConnection, statuses: readonly number[]): Promise<void> {
  await expect.poll(connection.statuses).toEqual(statuses);
}
