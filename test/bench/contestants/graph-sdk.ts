import {
  Client,
  type Context,
  HTTPMessageHandler,
  type Middleware,
  RedirectHandler,
  RetryHandler,
  TelemetryHandler,
} from '@microsoft/microsoft-graph-client';

/** Sends the token over plain HTTP too, which the library's own `AuthenticationHandler` does not. */
class TokenHandler implements Middleware {
  readonly #authorization: string;
  #next: Middleware | undefined;

  constructor(token: string) {
    this.#authorization = `Bearer ${token}`;
  }

  async execute(context: Context): Promise<void> {
    context.options = {
      ...context.options,
      headers: { ...(context.options?.headers as Record<string, string>), Authorization: this.#authorization },
    };
    await this.#next?.execute(context);
  }

  setNext(next: Middleware): void {
    this.#next = next;
  }
}

/** Creates Microsoft's client with its default middleware, except for the one that adds the token. */
export function createGraphClient(baseUrl: string, token: string): Client {
  const { origin, pathname } = new URL(baseUrl);
  return Client.initWithMiddleware({
    baseUrl: `${origin}/`,
    defaultVersion: pathname.slice(1),
    middleware: [
      new TokenHandler(token),
      new RetryHandler(),
      new RedirectHandler(),
      new TelemetryHandler(),
      new HTTPMessageHandler(),
    ],
  });
}
