import { type Cloud, cloudOfGraph, cloudsOfEntraHost, isEntraHost } from '../clouds.js';
import type { Config, Environment } from '../config.js';
import { graphScope } from '../graph/tokens/credential.js';
import { audienceOf, requiredPermission } from '../graph/tokens/permissions.js';
import { Diagnosis } from './diagnosis.js';
import type { StepResult } from './steps.js';

/** The default of @azure/identity. */
const defaultAuthority = 'https://login.microsoftonline.com';

/** Credentials of @azure/identity that take the cloud from their own configuration. */
const ownCloud = /^(ManagedIdentity|AzureCli|AzureDeveloperCli|AzurePowerShell)Credential$/i;

/** A setting of another cloud than GRAPH_BASE_URL. */
interface Mismatch {
  readonly problem: string;
  readonly advice: string;
}

/** A setting that must belong to the same cloud as GRAPH_BASE_URL. */
interface CloudSetting {
  /** Absent if no setting determines the cloud. */
  readonly name?: keyof Config | 'AZURE_AUTHORITY_HOST';
  /** Its effect, such as `issuer login.microsoftonline.com`. */
  readonly used: string;
  /** @param cloud of GRAPH_BASE_URL */
  readonly mismatch?: (cloud: Cloud) => Mismatch | undefined;
}

/**
 * Checks, without a request, that the credential and sign-in use the cloud of GRAPH_BASE_URL. If that is not one of the
 * documented clouds, it only reports the addresses in use.
 *
 * @throws {Diagnosis} with all settings of another cloud
 */
export function checkCloud(config: Config, env: Environment): StepResult<undefined> {
  const { GRAPH_BASE_URL: baseUrl } = config;
  const settings = [credentialSetting(config, env), scopeSetting(config), issuerSetting(config)].filter(
    (setting) => setting !== undefined,
  );
  const used = settings.map((setting) => setting.used).join(', ');
  const cloud = cloudOfGraph(baseUrl);
  if (cloud === undefined) {
    const summary = `${baseUrl.origin} is not one of the documented clouds; in use: ${used}`;
    const names = settings.flatMap(({ name }) => name ?? []);
    const isLocal = baseUrl.protocol === 'http:' || names.length === 0;
    const advice = `check that ${names.join(' and ')} fit the cloud of this Graph`;
    return { summary, advice: isLocal ? undefined : advice, value: undefined };
  }
  const mismatches = settings.map(({ mismatch }) => mismatch?.(cloud)).filter((found) => found !== undefined);
  if (mismatches.length === 0) return { summary: `${cloud.name}: ${used}`, value: undefined };
  throw new Diagnosis(
    [
      `GRAPH_BASE_URL is ${cloud.graphHost}, the Graph of ${cloud.name}`,
      ...mismatches.map(({ problem }) => problem),
    ].join('\n'),
    mismatches.map(({ advice }) => advice).join('\n'),
  );
}

function credentialSetting(config: Config, env: Environment): CloudSetting | undefined {
  if (config.GRAPH_CREDENTIAL === 'azure') return authoritySetting(config, env);
  if (config.GRAPH_CREDENTIAL === 'access-token') return tokenSetting(config);
  return undefined;
}

function authoritySetting(config: Config, env: Environment): CloudSetting {
  const scope = `scope ${graphScope(config.GRAPH_BASE_URL)}`;
  const { AZURE_TOKEN_CREDENTIALS: credential = '' } = config;
  if (ownCloud.test(credential)) return { used: `${scope}, authority of ${credential}` };

  const name = 'AZURE_AUTHORITY_HOST';
  const setting = env[name]?.trim() || undefined;
  const authority = parseHttps(setting ?? defaultAuthority);
  if (authority === undefined) {
    const problem = 'AZURE_AUTHORITY_HOST is not an https URL';
    return { name, used: `${scope}, ${problem}`, mismatch: (cloud) => ({ problem, advice: setAuthority(cloud) }) };
  }
  const { host } = authority;
  return {
    name,
    used: `${scope}, authority ${host}${setting === undefined ? ' (AZURE_AUTHORITY_HOST is not set)' : ''}`,
    mismatch: (cloud) =>
      isOfOtherCloud(host, cloud)
        ? {
            problem: `AZURE_AUTHORITY_HOST is ${setting === undefined ? 'not set: tokens are requested from ' : ''}${host}, the Entra ID of another cloud`,
            advice: setAuthority(cloud) + orOtherGraph(host),
          }
        : undefined,
  };
}

function setAuthority({ authorityHost }: Cloud): string {
  return `set AZURE_AUTHORITY_HOST=https://${authorityHost}`;
}

function tokenSetting({ GRAPH_ACCESS_TOKEN }: Config): CloudSetting {
  const audience = GRAPH_ACCESS_TOKEN && parseHttps(audienceOf(GRAPH_ACCESS_TOKEN.reveal()) ?? '');
  if (audience === undefined) return { name: 'GRAPH_ACCESS_TOKEN', used: 'the token of GRAPH_ACCESS_TOKEN' };
  return {
    name: 'GRAPH_ACCESS_TOKEN',
    used: `a token for ${audience.host}`,
    mismatch: (cloud) =>
      isOtherGraph(audience, cloud)
        ? {
            problem: `GRAPH_ACCESS_TOKEN is a token for ${audience.host}`,
            advice: `set GRAPH_ACCESS_TOKEN to a token for https://${cloud.graphHost}, or GRAPH_BASE_URL=https://${audience.host}/beta`,
          }
        : undefined,
  };
}

/** The scope of the users' own tokens. */
function scopeSetting({ GRAPH_CREDENTIAL, GRAPH_BASE_URL, OIDC_SCOPE }: Config): CloudSetting | undefined {
  if (GRAPH_CREDENTIAL !== 'signed-in-user') return undefined;
  const following = graphScope(GRAPH_BASE_URL, requiredPermission);
  if (OIDC_SCOPE === undefined) return { used: `scope ${following}` };
  return {
    name: 'OIDC_SCOPE',
    used: `scope ${OIDC_SCOPE}`,
    mismatch: (cloud) => {
      const wrong = OIDC_SCOPE.split(' ')
        .map(parseHttps)
        .find((scope) => scope && isOtherGraph(scope, cloud));
      return (
        wrong && {
          problem: `OIDC_SCOPE has a scope of ${wrong.host}`,
          advice: `set OIDC_SCOPE=openid profile offline_access ${following}, or unset it`,
        }
      );
    },
  };
}

function issuerSetting({ SIGN_IN, OIDC_ISSUER }: Config): CloudSetting | undefined {
  if (SIGN_IN === 'off' || OIDC_ISSUER === undefined) return undefined;
  const { host } = OIDC_ISSUER;
  return {
    name: 'OIDC_ISSUER',
    used: `issuer ${host}`,
    mismatch: (cloud) =>
      isOfOtherCloud(host, cloud)
        ? {
            problem: `OIDC_ISSUER is ${host}, the Entra ID of another cloud`,
            advice: `set OIDC_ISSUER=https://${cloud.issuerHost}/TENANT-ID/v2.0${orOtherGraph(host)}`,
          }
        : undefined,
  };
}

function parseHttps(text: string): URL | undefined {
  return /^https:/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

function isOfOtherCloud(host: string, cloud: Cloud): boolean {
  return isEntraHost(host) && !cloud.entraHosts.includes(host);
}

function isOtherGraph(url: URL, cloud: Cloud): boolean {
  const other = cloudOfGraph(url);
  return other !== undefined && other !== cloud;
}

/** The alternative: use the Graph of the cloud that the Entra ID belongs to. */
function orOtherGraph(entraHost: string): string {
  const addresses = cloudsOfEntraHost(entraHost).map(({ graphHost }) => `https://${graphHost}/beta`);
  return addresses.length === 0 ? '' : `, or GRAPH_BASE_URL=${addresses.join(' or ')}`;
}
