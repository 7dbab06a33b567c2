import { z } from 'zod';
import { isEntraIssuerWithoutTenantId } from './entra.js';
import { isLoopback } from './loopback.js';
import { Secret } from './secret.js';
import { type SimulatorFault, simulatorFaults } from './simulator/faults/fault-names.js';

const secret = (schema: z.ZodString) => schema.transform((value) => new Secret(value));

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

const url = z.string().transform((text, context) => {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed && /^https?:$/.test(parsed.protocol) && !parsed.username && !parsed.password) return parsed;
  context.addIssue({ code: 'custom' });
  return z.NEVER;
});

/** An address that tokens are sent to: https, or plain http on loopback. */
const trustedUrl = url.refine(
  ({ protocol, hostname, href }) => (protocol === 'https:' || isLoopback(hostname)) && !/[?#]/.test(href),
);

const faultRates = z.string().transform((text, context) => {
  const rates = new Map<SimulatorFault, number>();
  for (const part of text.split(',')) {
    const [name, rate, rest] = part.split('=').map((word) => word.trim());
    const fault = simulatorFaults.find((known) => known === name);
    if (fault === undefined || rest !== undefined || !/^(0(\.\d+)?|1)$/.test(rate ?? '')) {
      context.addIssue({ code: 'custom' });
      return z.NEVER;
    }
    rates.set(fault, Number(rate));
  }
  return rates;
});

/** Each setting: its schema, its default, and a description that completes "must be …". */
const environment = {
  NODE_ENV: z
    .string()
    .refine((name) => name === 'production' || !/^prod/i.test(name))
    .optional()
    .describe('production, or a value that does not start with prod'),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]+$/)
    .default('127.0.0.1')
    .describe('an address or a host name'),
  PORT: integer(0, 65535).default(3000).describe('a port from 0 to 65535 (0: any free port)'),
  PUBLIC_URL: url
    .refine(({ pathname, search, hash }) => pathname === '/' && search === '' && hash === '')
    .optional()
    .describe('an origin without a path, such as https://scripts.example.com'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('trace, debug, info, warn, error, fatal or silent'),
  GRAPH_CREDENTIAL: z
    .enum(['simulator', 'access-token', 'azure', 'signed-in-user'])
    .optional()
    .describe('simulator, access-token, azure or signed-in-user'),
  GRAPH_ACCESS_TOKEN: secret(z.string().regex(/^[\x21-\x7e]+$/))
    .optional()
    .describe('a bearer token without the prefix Bearer'),
  GRAPH_BASE_URL: trustedUrl
    .refine(({ pathname }) => pathname !== '/')
    .default(new URL('https://graph.microsoft.com/beta'))
    .describe('an https URL (or http on loopback) that ends with the version'),
  GRAPH_DEADLINE_MS: integer(100, 600_000)
    .default(30_000)
    .describe('a whole number of milliseconds from 100 to 600000'),
  GRAPH_WRITES_PER_20S: integer(1, 1_000_000).default(200).describe('a whole number from 1 to 1000000'),
  AZURE_TOKEN_CREDENTIALS: z
    .string()
    .regex(/^(prod|dev|\w+Credential)$/i)
    .optional()
    .describe('prod, dev or the name of a credential of @azure/identity'),
  SIGN_IN: z.enum(['off', 'oidc']).optional().describe('off or oidc'),
  OIDC_ISSUER: trustedUrl.optional().describe('the issuer URL of the provider (https, or http on loopback)'),
  OIDC_CLIENT_ID: z.string().optional().describe('the client id of the sign-in application'),
  OIDC_CLIENT_SECRET: secret(z.string()).optional().describe('the client secret of the sign-in application'),
  OIDC_CLIENT_CERTIFICATE_PATH: z
    .string()
    .optional()
    .describe('the path of a PEM file with certificate and private key'),
  OIDC_SCOPE: z
    .string()
    .regex(/(^| )openid( |$)/)
    .optional()
    .describe('scopes separated by spaces, including openid'),
  SESSION_SECRET: z
    .string()
    .transform((list) => list.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => part.length >= 32))
    .transform((parts) => parts.map((part) => new Secret(part)))
    .optional()
    .describe('one or more secrets separated by commas, each of 32 characters or more'),
  SESSION_IDLE_MINUTES: integer(1, 1440).default(60).describe('a whole number of minutes from 1 to 1440'),
  SESSION_MAX_HOURS: integer(1, 168).default(12).describe('a whole number of hours from 1 to 168'),
  ROLE_READER: z.string().default('ScriptState.Read').describe('the value of an app role'),
  ROLE_OPERATOR: z.string().default('ScriptState.ReadWrite').describe('the value of an app role'),
  REDIS_URL: secret(
    z
      .string()
      .regex(/^rediss?:\/\/\S+$/)
      .refine((text) => URL.canParse(text)),
  )
    .optional()
    .describe('a redis:// or rediss:// URL'),
  METRICS_PORT: integer(0, 65535).optional().describe('a port from 0 to 65535'),
  SIMULATOR_SEED: integer(0, 4_294_967_295).default(1).describe('a whole number from 0 to 4294967295'),
  SIMULATOR_PORT: integer(0, 65535).default(0).describe('a port from 0 to 65535 (0: any free port)'),
  SIMULATOR_LATENCY_MS: integer(0, 600_000).default(0).describe('a whole number of milliseconds from 0 to 600000'),
  SIMULATOR_FAULTS: faultRates
    .default(new Map())
    .describe('a list of known faults with rates from 0 to 1, such as reset-applied=0.01,throttled=0.05'),
  SIMULATOR_APPROVAL: z.enum(['off', 'on']).default('off').describe('off or on'),
  SIMULATOR_WRITES_PER_20S: integer(1, 1_000_000).default(200).describe('a whole number from 1 to 1000000'),
};

const schema = z.object(environment);
type Values = z.output<typeof schema>;

/** The settings of the service, with defaults applied. */
export type Config = Readonly<Values> & {
  readonly GRAPH_CREDENTIAL: NonNullable<Values['GRAPH_CREDENTIAL']>;
  readonly SIGN_IN: NonNullable<Values['SIGN_IN']>;
};

/** The names of all settings, in the order of the documentation. */
export const settingNames: readonly string[] = Object.keys(environment);

interface Rule {
  readonly name: keyof Values;
  /** Completes "<name>: must be …". */
  readonly requirement: string;
  readonly isBroken: (settings: Values) => boolean;
}

/** The requirements that involve several settings. */
const rules: readonly Rule[] = [
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
    requirement: `${environment.GRAPH_ACCESS_TOKEN.description}, required with GRAPH_CREDENTIAL=access-token`,
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
  requiredWithProvider('SESSION_SECRET'),
];

function requiredWithProvider(name: 'OIDC_ISSUER' | 'OIDC_CLIENT_ID' | 'SESSION_SECRET'): Rule {
  return {
    name,
    requirement: `${environment[name].description}, required with SIGN_IN=oidc`,
    isBroken: (s) => needsProvider(s) && s[name] === undefined,
  };
}

/** The simulator includes a provider. */
function needsProvider({ SIGN_IN, GRAPH_CREDENTIAL }: Values): boolean {
  return SIGN_IN === 'oidc' && GRAPH_CREDENTIAL !== 'simulator';
}

/** An invalid environment. `message` names each invalid variable with its requirement, and contains no values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings from an environment. An empty variable counts as not set.
 *
 * @throws {ConfigError} with all problems at once
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(settingNames.map((name) => [name, env[name]?.trim() || undefined]));
  const invalid = new Set(schema.safeParse(given).error?.issues.map(({ path }) => String(path[0])));
  // Check the rules too, with the invalid settings at their defaults.
  const values = schema.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !invalid.has(name))));
  if (!invalid.has('GRAPH_CREDENTIAL')) {
    if (values.NODE_ENV !== 'production') values.GRAPH_CREDENTIAL ??= 'simulator';
    if (!invalid.has('SIGN_IN')) values.SIGN_IN ??= values.GRAPH_CREDENTIAL === 'simulator' ? 'off' : 'oidc';
  }
  const problems = new Map<string, string>();
  for (const [name, { description = '' }] of Object.entries(environment)) {
    if (invalid.has(name)) problems.set(name, description);
  }
  for (const { name, requirement, isBroken } of rules) {
    if (!problems.has(name) && isBroken(values)) problems.set(name, requirement);
  }
  const { GRAPH_CREDENTIAL, SIGN_IN } = values;
  if (problems.size > 0 || GRAPH_CREDENTIAL === undefined || SIGN_IN === undefined) {
    const lines = [...problems].map(([name, requirement]) => `  ${name}: must be ${requirement}`);
    throw new ConfigError(`Invalid settings:\n${lines.join('\n')}`);
  }
  return { ...values, GRAPH_CREDENTIAL, SIGN_IN };
}

/** Reads the environment of this process, after loading an `.env` file from the working directory if there is one. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  try {
    process.loadEnvFile();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw new ConfigError('The file .env cannot be read.');
    }
  }
  return process.env;
}
