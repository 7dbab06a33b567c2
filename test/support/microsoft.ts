import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { IssuedCertificate } from './authority.js';
import type { TestSimulator } from './simulator.js';

/** The hosts of Graph and Entra ID in the public cloud. */
export const microsoftHosts = ['graph.microsoft.com', 'login.microsoftonline.com'] as const;

/** The id of the tenant at Entra ID. */
export const tenantId = 'b7e0c1aa-0000-4000-8000-00000000c0de';

/** The settings of a service that gets its token from Entra ID. */
export const azureSettings = {
  GRAPH_CREDENTIAL: 'azure',
  GRAPH_ACCESS_TOKEN: '',
  AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
  AZURE_TENANT_ID: tenantId,
  AZURE_CLIENT_ID: 'client',
  AZURE_CLIENT_SECRET: 'canary-secret',
} as const;

/** An HTTPS server in place of both hosts. A client reaches it only if something leads these hosts to its port. */
export interface Microsoft {
  readonly port: number;
  /** The number of tokens that Entra ID has issued to the application. */
  readonly issuedTokens: number;
  /** Serves another certificate to new connections. */
  present(certificate: IssuedCertificate): void;
  close(): Promise<void>;
}

/** Starts the server. The simulator responds to all requests but those to Entra ID. */
export async function startMicrosoft(simulator: TestSimulator, certificate: IssuedCertificate): Promise<Microsoft> {
  let issuedTokens = 0;

  function forward(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers, url } = request;
    const onward = sendRequest(new URL(url ?? '', simulator.url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  async function respondAsEntra(request: IncomingMessage): Promise<object> {
    const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
    const oauth = `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0`;
    if (request.method === 'GET') {
      return {
        issuer,
        authorization_endpoint: `${oauth}/authorize`,
        token_endpoint: `${oauth}/token`,
        jwks_uri: `${oauth}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['pairwise'],
        id_token_signing_alg_values_supported: ['RS256'],
      };
    }
    await text(request);
    const token = `token-${issuedTokens++}`;
    await simulator.register(token);
    return { token_type: 'Bearer', expires_in: 3600, access_token: token };
  }

  const server = createServer(certificate, (request, response) => {
    if (!request.headers.host?.startsWith('login.')) return forward(request, response);
    void respondAsEntra(request).then((body) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get issuedTokens() {
      return issuedTokens;
    },
    present: (other) => server.setSecureContext(other),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
