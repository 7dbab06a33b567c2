import { clientCertificateProblem } from '../client-certificate.js';
import { isEntraIssuerWithoutTenantId } from '../entra.js';
import { isLoopback } from '../loopback.js';
import { type Settings, settings } from './settings.js';

interface Rule {
  /** The setting that an error names. */
  readonly name: keyof Settings;
  /** Completes "<name>: must be …". */
  readonly requirement: string;
  /** What is wrong with the value, without the value itself. */
  readonly problem?: (values: Settings) => string | undefined;
  readonly isBroken: (values: Settings) => boolean;
}

/** The requirements that involve several settings. */
export const rules: readonly Rule[] = [
  {
    name: 'GRAPH_CREDENTIAL',
    requirement: 'access-token, azure or signed-in-user in production',
    isBroken: (s) =>
      s.NODE_ENV === 'production' && (s.GRAPH_CREDENTIAL === undefined || s.GRAPH_CREDENTIAL === 'simulator'),
  },
  {
    name: 'GRAPH_CREDENTIAL',
    requirement: 'simulator, access-token or azure with SIGN_IN=off; signed-in-user requires SIGN_IN=oidc',
    isBroken: (s) => s.GRAPH_CREDENTIAL === 'signed-in-user' && s.SIGN_IN === 'off',
  },
  {
    name: 'GRAPH_ACCESS_TOKEN',
    requirement: `${settings.GRAPH_ACCESS_TOKEN.description}, required with GRAPH_CREDENTIAL=access-token`,
    isBroken: (s) => s.GRAPH_CREDENTIAL === 'access-token' && s.GRAPH_ACCESS_TOKEN === undefined,
  },
  {
    name: 'AZURE_TOKEN_CREDENTIALS',
    requirement: 'prod or the name of one credential, required with GRAPH_CREDENTIAL=azure in production',
    isBroken: (s) =>
      s.NODE_ENV === 'production' &&
      s.GRAPH_CREDENTIAL === 'azure' &&
      /^(dev)?$/i.test(s.AZURE_TOKEN_CREDENTIALS ?? ''),
  },
  {
    name: 'SIGN_IN',
    requirement: 'oidc in production, and when HOST is not a loopback address',
    isBroken: (s) => s.SIGN_IN === 'off' && (s.NODE_ENV === 'production' || !isLoopback(s.HOST)),
  },
  {
    name: 'PUBLIC_URL',
    requirement: 'an https or loopback address with SIGN_IN=oidc',
    isBroken: (s) => s.SIGN_IN === 'oidc' && s.PUBLIC_URL?.protocol === 'http:' && !isLoopback(s.PUBLIC_URL.hostname),
  },
  {
    name: 'OIDC_ISSUER',
    requirement: 'the issuer of one tenant by its id, for Entra: not a domain, common or organizations',
    isBroken: (s) => s.OIDC_ISSUER !== undefined && isEntraIssuerWithoutTenantId(s.OIDC_ISSUER),
  },
  {
    name: 'ROLE_OPERATOR',
    requirement: 'a role other than ROLE_READER',
    isBroken: (s) => s.ROLE_OPERATOR === s.ROLE_READER,
  },
  requiredWithProvider('OIDC_ISSUER'),
  requiredWithProvider('OIDC_CLIENT_ID'),
  {
    name: 'OIDC_CLIENT_SECRET',
    requirement: 'set with SIGN_IN=oidc, or OIDC_CLIENT_CERTIFICATE_PATH instead; not both',
    isBroken: (s) =>
      needsProvider(s) && (s.OIDC_CLIENT_SECRET === undefined) === (s.OIDC_CLIENT_CERTIFICATE_PATH === undefined),
  },
  {
    name: 'OIDC_CLIENT_CERTIFICATE_PATH',
    requirement: `${settings.OIDC_CLIENT_CERTIFICATE_PATH.description} that belong together`,
    problem: certificateProblem,
    isBroken: (s) => certificateProblem(s) !== undefined,
  },
  requiredWithProvider('SESSION_SECRET'),
];

function certificateProblem({ SIGN_IN, OIDC_CLIENT_SECRET, OIDC_CLIENT_CERTIFICATE_PATH }: Settings) {
  const isUsed = SIGN_IN === 'oidc' && OIDC_CLIENT_SECRET === undefined && OIDC_CLIENT_CERTIFICATE_PATH !== undefined;
  return isUsed ? clientCertificateProblem(OIDC_CLIENT_CERTIFICATE_PATH) : undefined;
}

function requiredWithProvider(name: 'OIDC_ISSUER' | 'OIDC_CLIENT_ID' | 'SESSION_SECRET'): Rule {
  return {
    name,
    requirement: `${settings[name].description}, required with SIGN_IN=oidc`,
    isBroken: (s) => needsProvider(s) && s[name] === undefined,
  };
}

/** The simulator includes a provider. */
function needsProvider({ SIGN_IN, GRAPH_CREDENTIAL }: Settings): boolean {
  return SIGN_IN === 'oidc' && GRAPH_CREDENTIAL !== 'simulator';
}
