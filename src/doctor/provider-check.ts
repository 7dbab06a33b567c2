import * as oidc from 'openid-client';
import { limitResponses } from '../auth/limited-fetch.js';
import { createProvider, newAuthorizationChecks, type Provider } from '../auth/provider.js';
import { ProviderRejection, ProviderUnavailable, throwProviderError } from '../auth/provider-errors.js';
import { providerOptions } from '../auth/sign-in.js';
import { describeSignInCause, type SignInCause } from '../auth/sign-in-causes.js';
import type { Config } from '../config.js';
import { isEntraIssuer } from '../entra.js';
import { graphScope } from '../graph/tokens/credential.js';
import type { OutboundFetch } from '../outbound/outbound.js';
import { Diagnosis } from './diagnosis.js';
import { type StepResult, step } from './steps.js';

/** How long to wait for a response of the provider, ms. */
const timeoutMs = 10_000;

/** When to warn that the certificate expires, in days before. */
const warnDays = 30;

/** Checks the provider of sign-in: its metadata, the redirect URI, and the client's credential. @throws {StepFailed} */
export async function checkProvider(config: Config, fetch: OutboundFetch): Promise<void> {
  const options = { ...providerOptions(config, undefined), fetch };
  const provider = createProvider(options);
  const redirectUri = `${config.PUBLIC_URL?.origin ?? `http://localhost:${config.PORT}`}/auth/callback`;
  const client = await step('provider', async () => {
    const value = await provider.discover().catch(throwDiagnosis);
    return { summary: `issuer ${value.serverMetadata().issuer}`, value };
  });
  await step('redirect-uri', () => checkRedirectUri(provider, redirectUri, fetch));
  const { certificate } = options.certificate ?? {};
  await step('client', async () => {
    const expiry = certificate && certificateExpiry(certificate.validTo);
    const accepted = await checkClient(client, options.issuer, graphScope(config.GRAPH_BASE_URL), redirectUri);
    return expiry === undefined
      ? accepted
      : { ...accepted, ...expiry, summary: `${accepted.summary}; ${expiry.summary}` };
  });
}

/**
 * Requests a sign-in without interaction, as no user is signed in: the provider reports that by a redirect to the
 * redirect URI if it knows it, and otherwise by a page of its own.
 */
async function checkRedirectUri(
  provider: Provider,
  redirectUri: string,
  fetch: OutboundFetch,
): Promise<StepResult<undefined>> {
  const url = await provider.authorizationUrl(newAuthorizationChecks(), redirectUri, { prompt: 'none' });
  const response = await limitResponses(fetch)(url.href, {
    method: 'GET',
    headers: { accept: 'text/html' },
    body: undefined,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => throwDiagnosis(new ProviderUnavailable(error)));
  const location = response.headers.get('location') ?? '';
  if (location.startsWith(`${redirectUri}?`)) {
    const error = new URL(location).searchParams.get('error') ?? '';
    const cause = { invalid_scope: 'scope-rejected', unauthorized_client: 'client-rejected' } as const;
    if (error === 'invalid_scope' || error === 'unauthorized_client') throw describe(cause[error], error);
    return { summary: `${redirectUri} is registered`, value: undefined };
  }
  const page = await response.text();
  const [code = `HTTP ${response.status}`] = /\bAADSTS\d{3,9}\b/.exec(page) ?? [];
  if (/AADSTS5001\d+|redirect[_ ]?uri|reply (url|address)/i.test(page)) {
    throw new Diagnosis(`redirect-uri-mismatch: ${code}`, `register ${redirectUri} at the provider, or set PUBLIC_URL`);
  }
  if (/AADSTS700016|invalid[_ ]client/i.test(page)) {
    throw new Diagnosis(`client-rejected: ${code}`, 'OIDC_CLIENT_ID must be the id of an application at OIDC_ISSUER');
  }
  const advice = `check that ${redirectUri} is registered as a redirect URI, by signing in`;
  return { summary: `not determined: the provider responded with a page (${code})`, advice, value: undefined };
}

/**
 * Requests tokens for a code that does not exist, which a provider rejects only after it has accepted the client. Entra
 * verifies the code first: there, the service requests a token of its own, and discards it.
 */
async function checkClient(
  client: oidc.Configuration,
  issuer: URL,
  scope: string,
  redirectUri: string,
): Promise<StepResult<undefined>> {
  const accepted = { summary: 'the provider accepts the credential (OIDC_CLIENT_*)', value: undefined };
  const { verifier } = newAuthorizationChecks();
  const parameters = { code: 'doctor', redirect_uri: redirectUri, code_verifier: verifier };
  try {
    await (isEntraIssuer(issuer)
      ? oidc.clientCredentialsGrant(client, { scope })
      : oidc.genericGrantRequest(client, 'authorization_code', parameters)
    ).catch(throwProviderError);
    return accepted;
  } catch (error) {
    if (!(error instanceof ProviderRejection)) throwDiagnosis(error);
    if (error.reason === 'invalid_grant') return accepted;
    const advice = 'check OIDC_CLIENT_ID and its credential by signing in';
    return { summary: `not determined: the provider responded with ${error.code}`, advice, value: undefined };
  }
}

/** @throws {Diagnosis} when the certificate has expired */
function certificateExpiry(validTo: string): { readonly summary: string; readonly advice?: string } {
  const days = Math.floor((Date.parse(validTo) - Date.now()) / 86_400_000);
  const summary = `its certificate expires on ${new Date(validTo).toISOString().slice(0, 10)}`;
  if (days < 0) throw new Diagnosis(summary, 'register a new certificate, and set OIDC_CLIENT_CERTIFICATE_PATH to it');
  return days > warnDays ? { summary } : { summary, advice: `register a new certificate: ${days} days are left` };
}

function throwDiagnosis(error: unknown): never {
  if (error instanceof ProviderUnavailable) throw describe(error.signInCause, error.code, error.detail);
  throw error;
}

function describe(cause: SignInCause, code: string, detail?: string): Diagnosis {
  return new Diagnosis([`${cause}: ${code}`, detail].filter(Boolean).join('\n'), describeSignInCause(cause).text);
}
