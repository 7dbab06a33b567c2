import type { Server } from 'node:http';
import type { Socket } from 'node:net';

interface Progress {
  readonly bytesSent: number;
  readonly since: number;
}

/**
 * Resets connections whose client takes no data of a response for `timeoutMs`. A reset frees what the operating system
 * has buffered, too. An open stream without data to send is no reason to reset. The timeout of Node's sockets is no
 * substitute: whatever the client sends restarts it.
 */
export function resetUnreadConnections(server: Server, timeoutMs: number): void {
  const unread = new Map<Socket, Progress>();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      unread.delete(socket);
    });
  });

  function check(): void {
    const now = performance.now();
    for (const socket of sockets) {
      const bytesSent = socket.bytesWritten - socket.writableLength;
      const last = unread.get(socket);
      if (socket.writableLength === 0) unread.delete(socket);
      else if (last?.bytesSent !== bytesSent) unread.set(socket, { bytesSent, since: now });
      else if (now - last.since >= timeoutMs) socket.resetAndDestroy();
    }
  }

  const timer = setInterval(check, timeoutMs / 4).unref();
  server.once('close', () => clearInterval(timer));
}
