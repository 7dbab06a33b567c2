import {
  type AccessTokenProvider,
  AllowedHostsValidator,
  BaseBearerTokenAuthenticationProvider,
  ParseNodeFactoryRegistry,
  SerializationWriterFactoryRegistry,
} from '@microsoft/kiota-abstractions';
import {
  FetchRequestAdapter,
  HeadersInspectionOptions,
  KiotaClientFactory,
  MiddlewareFactory,
} from '@microsoft/kiota-http-fetchlibrary';
import { JsonParseNodeFactory, JsonSerializationWriterFactory } from '@microsoft/kiota-serialization-json';
import { describe, expect, test } from 'vitest';
import { createUserStates, type ODataError } from '../../support/kiota-user-states.js';
import { hosts, useTlsSimulator } from '../../support/tls-simulator.js';

const tls = useTlsSimulator();

// Vitest types its matchers as any.
const aString: unknown = expect.any(String);
const aDate: unknown = expect.any(Date);

/** Gets tokens from the simulator, and records the claims of each call. */
function createTokenProvider(host: string): AccessTokenProvider & { readonly requestedClaims: readonly unknown[] } {
  const requestedClaims: unknown[] = [];
  const allowedHosts = new AllowedHostsValidator(new Set([host]));
  return {
    requestedClaims,
    getAllowedHostsValidator: () => allowedHosts,
    async getAuthorizationToken(url = '', context = {}) {
      if (!allowedHosts.isUrlHostValid(url)) return '';
      // As in Microsoft's provider for Azure identities.
      const { claims } = context;
      const decoded = typeof claims === 'string' ? Buffer.from(claims, 'base64').toString() : undefined;
      requestedClaims.push(decoded && JSON.parse(decoded));
      const token = await tls.simulator.credential.getToken('scope', decoded === undefined ? {} : { claims: decoded });
      return token?.token ?? '';
    },
  };
}

/** Creates Kiota's adapter and the requests to the user states, with the given middleware or Kiota's default. */
function createClient(host: (typeof hosts)[number] = 'localhost', httpClient = KiotaClientFactory.create()) {
  const provider = createTokenProvider(host);
  const parsers = new ParseNodeFactoryRegistry();
  parsers.contentTypeAssociatedFactories.set('application/json', new JsonParseNodeFactory());
  const serializers = new SerializationWriterFactoryRegistry();
  serializers.contentTypeAssociatedFactories.set('application/json', new JsonSerializationWriterFactory());
  const authentication = new BaseBearerTokenAuthenticationProvider(provider);
  const adapter = new FetchRequestAdapter(authentication, parsers, serializers, httpClient);
  adapter.baseUrl = `${tls.origin(host)}/beta`;
  return { provider, userStates: createUserStates(adapter, tls.scriptPath.split('/').at(-1) ?? '') };
}

const firstId = () => tls.stateIds[0] ?? '';

/** The error that a call rejects with. */
async function errorOf(call: Promise<unknown>): Promise<ODataError> {
  const error: unknown = await call.then(
    () => new TypeError('the call did not reject'),
    (reason: unknown) => reason,
  );
  return error as ODataError;
}

test.each(hosts)('reads every page at %s', async (host) => {
  const { userStates } = createClient(host);
  const ids: (string | undefined)[] = [];
  let page = await userStates.list({ count: true, select: ['id'], top: 60 });
  expect(page?.['@odata.count']).toBe(tls.stateIds.length);
  for (;;) {
    ids.push(...(page?.value ?? []).map(({ id }) => id));
    if (page?.['@odata.nextLink'] === undefined) break;
    page = await userStates.page(page['@odata.nextLink']);
  }
  expect(ids).toEqual(tls.stateIds);
  expect(await tls.received()).toEqual(['GET 200', 'GET 200', 'GET 200']);
});

test('creates, reads, updates and deletes a user state', async () => {
  const { userStates } = createClient();
  const draft = { successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: 'new@contoso.example' };
  const created = await userStates.create(draft);
  expect(created).toMatchObject({ ...draft, id: aString });
  const id = created?.id ?? '';
  expect(await userStates.get(id)).toMatchObject({ ...created });
  expect(await userStates.update(id, { errorDeviceCount: 0 })).toMatchObject({ ...created, errorDeviceCount: 0 });
  await userStates.delete(id);
  expect(await errorOf(userStates.get(id))).toMatchObject({ responseStatusCode: 404 });
});

describe('a claims challenge', () => {
  test('makes the adapter request a token with the claims and send the request again', async () => {
    const { provider, userStates } = createClient();
    await tls.simulator.fault({ fault: 'claims-challenge' });
    expect(await userStates.update(firstId(), { successDeviceCount: 7 })).toMatchObject({ successDeviceCount: 7 });
    expect(provider.requestedClaims).toEqual([
      undefined,
      { access_token: { nbf: { essential: true, value: aString } } },
    ]);
    expect(await tls.received()).toEqual(['PATCH claims-challenge 401', 'PATCH 200']);

    // The token is valid for the next request.
    await userStates.get(firstId());
    expect((await tls.received()).at(-1)).toBe('GET 200');
  });

  test('is handled once per request', async () => {
    const { provider, userStates } = createClient();
    await tls.simulator.fault({ fault: 'claims-challenge', times: 'always' });
    const error = await errorOf(userStates.get(firstId()));
    expect(error).toMatchObject({ responseStatusCode: 401, error: { code: 'InvalidAuthenticationToken' } });
    expect(provider.requestedClaims).toHaveLength(2);
  });
});

test('an error has Graph’s code and message, and the headers of the response', async () => {
  const error = await errorOf(createClient().userStates.get('unknown'));
  expect(error).toMatchObject({
    responseStatusCode: 404,
    error: { code: 'ResourceNotFound', message: aString, innerError: { 'request-id': aString, date: aDate } },
  });
  expect(error.responseHeaders?.['request-id']).toEqual([error.error?.innerError?.['request-id']]);
});

test('an approval code is among the headers of the error', async () => {
  await tls.simulator.fault({ fault: 'approval-pending' });
  const error = await errorOf(createClient().userStates.update(firstId(), { successDeviceCount: 1 }));
  expect(error.responseStatusCode).toBe(412);
  expect(error.responseHeaders?.['x-msft-approval-code']).toEqual([aString]);
});

test.each(['throttled', 'unavailable'] as const)('the retry handler sends a request again after %s', async (fault) => {
  await tls.simulator.fault({ fault, delayMs: 0, times: 2 });
  const patch = { successDeviceCount: 6 };
  expect(await createClient().userStates.update(firstId(), patch)).toMatchObject(patch);
  const status = fault === 'throttled' ? 429 : 503;
  expect(await tls.received()).toEqual([`PATCH ${fault} ${status}`, `PATCH ${fault} ${status}`, 'PATCH 200']);
});

test('the redirect handler follows a redirect with the token', async () => {
  await tls.simulator.fault({ fault: 'redirect' });
  expect(await createClient().userStates.get(firstId())).toMatchObject({ id: firstId() });
  expect(await tls.received()).toEqual(['GET redirect 302', 'GET 200']);
});

describe('compression', () => {
  function createCompressingClient() {
    const middlewares = MiddlewareFactory.getPerformanceMiddlewares();
    return createClient('localhost', KiotaClientFactory.create(undefined, middlewares)).userStates;
  }

  test('a response is compressed', async () => {
    const headers = new HeadersInspectionOptions({ inspectResponseHeaders: true });
    expect(await createClient().userStates.get(firstId(), [headers])).toMatchObject({ id: firstId() });
    expect([...(headers.getResponseHeaders().get('content-encoding') ?? [])]).toEqual(['gzip']);
  });

  test('a compressed request is accepted', async () => {
    const headers = new HeadersInspectionOptions({ inspectRequestHeaders: true });
    const patch = { successDeviceCount: 8 };
    expect(await createCompressingClient().update(firstId(), patch, [headers])).toMatchObject(patch);
    expect([...(headers.getRequestHeaders().get('content-encoding') ?? [])]).toEqual(['gzip']);
    expect(await tls.received()).toEqual(['PATCH 200']);
  });

  test('the compression handler sends a request without compression after 415', async () => {
    await tls.simulator.fault({ fault: 'custom', status: 415 });
    const patch = { successDeviceCount: 9 };
    expect(await createCompressingClient().update(firstId(), patch)).toMatchObject(patch);
    expect(await tls.received()).toEqual(['PATCH custom 415', 'PATCH 200']);
  });
});
