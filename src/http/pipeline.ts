import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many requests of one connection may wait for an earlier one. More close the connection. */
const maxWaiting = 32;

/** How many requests of all connections may wait for an earlier one. */
const maxWaitingInAll = 1_000;

/** The requests of all connections. */
export interface Pipelines {
  readonly handle: RequestListener;
  /** Whether the client would read other data as the response to a request that it has sent. */
  isResponding(socket: Socket): boolean;
}

interface Pipeline {
  current: ServerResponse | undefined;
  readonly waiting: (() => void)[];
}

/**
 * Handles the requests of each connection one after the other, so that a client that sends many at once and reads no
 * response occupies the resources of one. Node would handle all of them at the same time, and when the connection is
 * closed, emits `close` for the first of their responses only: the files of all others stay open.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.3.2
 */
export function createPipelines(handle: RequestListener): Pipelines {
  const pipelines = new WeakMap<Socket, Pipeline>();
  let waitingInAll = 0;

  function open(socket: Socket): Pipeline {
    const pipeline: Pipeline = { current: undefined, waiting: [] };
    pipelines.set(socket, pipeline);
    socket.once('close', () => {
      waitingInAll -= pipeline.waiting.length;
      pipeline.waiting.length = 0;
    });
    return pipeline;
  }

  return {
    handle(request, response) {
      const { socket } = request;
      // Node parses data that it has read even if the connection was closed in the meantime.
      if (socket.destroyed) return;
      const pipeline = pipelines.get(socket) ?? open(socket);
      const start = () => {
        pipeline.current = response;
        response.once('close', () => {
          // Node has ended the connection if the response was the last one.
          const next = socket.writable ? pipeline.waiting.shift() : undefined;
          if (next === undefined) return;
          waitingInAll--;
          next();
        });
        handle(request, response);
      };
      if (pipeline.current === undefined || pipeline.current.closed) start();
      else if (pipeline.waiting.length < maxWaiting && waitingInAll < maxWaitingInAll) {
        waitingInAll++;
        pipeline.waiting.push(start);
      } else socket.destroy();
    },
    isResponding(socket) {
      const response = pipelines.get(socket)?.current;
      return response !== undefined && !(response.writableEnded && response.req.complete);
    },
  };
}
