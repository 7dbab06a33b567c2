import { z } from 'zod';
import { isLoopback } from './loopback.js';
import { Secret } from './secret.js';
import { type SimulatorFault, simulatorFaults } from './simulator/faults/fault-names.js';

const secret = (shape: z.ZodString) => shape.transform((value) => new Secret(value));

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

/** An address that tokens are sent to: https, or plain http that doesn't leave the machine. */
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

/** Every setting: its form, its default where it has a fixed one, and in words what it wants. */
const environment = {
  NODE_ENV: z
    .string()
    .refine((name) => name === 'production' || !/^prod/i.test(name))
    .optional()
    .describe('production, or anything that does not look like it'),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]+$/)
    .default('127.0.0.1')
    .describe('an address or host name to listen on'),
  PORT: integer(0, 65535).default(3000).describe('a port from 0 to 65535; 0 takes a free one'),
  PUBLIC_URL: url
    .refine(({ pathname, search, hash }) => pathname === '/' && search === '' && hash === '')
    .optional()
    .describe('the origin browsers use, such as https://scripts.example.com, without a path'),
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
    .describe('a bearer token, without the word Bearer'),
  GRAPH_BASE_URL: trustedUrl
    .refine(({ pathname }) => pathname !== '/')
    .default(new URL('https://graph.microsoft.com/beta'))
    .describe('an https address ending in the version, or plain http on loopback'),
  GRAPH_DEADLINE_MS: integer(100, 600_000).default(30_000).describe('milliseconds from 100 to 600000'),
  GRAPH_WRITES_PER_20S: integer(1, 1_000_000).default(200).describe('a whole number from 1 to 1000000'),
  AZURE_TOKEN_CREDENTIALS: z
    .string()
    .regex(/^(prod|dev|\w+Credential)$/i)
    .optional()
    .describe("prod, dev or the name of one of @azure/identity's credentials"),
  SIGN_IN: z.enum(['off', 'oidc']).optional().describe('off or oidc'),
  OIDC_ISSUER: trustedUrl.optional().describe("the provider's https address, or plain http on loopback"),
  OIDC_CLIENT_ID: z.string().optional().describe("the sign-in application's id"),
  OIDC_CLIENT_SECRET: secret(z.string()).optional().describe("the sign-in application's secret"),
  OIDC_CLIENT_CERTIFICATE_PATH: z
    .string()
    .optional()
    .describe("the path of the sign-in application's certificate and key (PEM)"),
  OIDC_SCOPE: z
    .string()
    .regex(/(^| )openid( |$)/)
    .optional()
    .describe('scopes, separated by spaces, with openid among them'),
  SESSION_SECRET: z
    .string()
    .transform((list) => list.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => part.length >= 32))
    .transform((parts) => parts.map((part) => new Secret(part)))
    .optional()
    .describe('32 characters or more; several, separated by commas, to rotate'),
  SESSION_IDLE_MINUTES: integer(1, 1440).default(60).describe('minutes from 1 to 1440'),
  SESSION_MAX_HOURS: integer(1, 168).default(12).describe('hours from 1 to 168'),
  ROLE_READER: z.string().default('ScriptState.Read').describe("an app role's value"),
  ROLE_OPERATOR: z.string().default('ScriptState.ReadWrite').describe("an app role's value"),
  REDIS_URL: secret(
    z
      .string()
      .regex(/^rediss?:\/\/\S+$/)
      .refine((text) => URL.canParse(text)),
  )
    .optional()
    .describe('redis://… or rediss://…'),
  METRICS_PORT: integer(0, 65535).optional().describe('a port from 0 to 65535'),
  SIMULATOR_SEED: integer(0, 4_294_967_295).default(1).describe('a whole number; the same one gives the same tenant'),
  SIMULATOR_PORT: integer(0, 65535).default(0).describe('a port from 0 to 65535; 0 takes a free one'),
  SIMULATOR_LATENCY_MS: integer(0, 600_000).default(0).describe('milliseconds from 0 to 600000'),
  SIMULATOR_FAULTS: faultRates
    .default(new Map())
    .describe('known faults with their rates from 0 to 1, such as reset-applied=0.01,throttled=0.05'),
  SIMULATOR_APPROVAL: z.enum(['off', 'on']).default('off').describe('off or on'),
  SIMULATOR_WRITES_PER_20S: integer(1, 1_000_000).default(200).describe('a whole number from 1 to 1000000'),
};

const schema = z.object(environment);
type Values = z.output<typeof schema>;

/** The settings as the service uses them: every default filled in. */
export type Config = Readonly<Values> & {
  readonly GRAPH_CREDENTIAL: NonNullable<Values['GRAPH_CREDENTIAL']>;
  readonly SIGN_IN: NonNullable<Values['SIGN_IN']>;
};

/** The names of all settings, in the order of the documentation. */
export const settingNames: readonly string[] = Object.keys(environment);

/** What no single setting can say: what they want of each other. A rule is broken when `broken` says so. */
const rules: readonly { name: keyof Values; wants: string; broken: (s: Values) => boolean }[] = [
  {
    name: 'GRAPH_CREDENTIAL',
    wants: 'access-token, azure or signed-in-user in production',
    broken: (s) =>
      s.NODE_ENV === 'production' && (s.GRAPH_CREDENTIAL === undefined || s.GRAPH_CREDENTIAL === 'simulator'),
  },
  {
    name: 'GRAPH_CREDENTIAL',
    wants: 'another credential, or SIGN_IN=oidc: signed-in-user needs somebody who is signed in',
    broken: (s) => s.GRAPH_CREDENTIAL === 'signed-in-user' && s.SIGN_IN === 'off',
  },
  {
    name: 'GRAPH_ACCESS_TOKEN',
    wants: 'a bearer token, with GRAPH_CREDENTIAL=access-token',
    broken: (s) => s.GRAPH_CREDENTIAL === 'access-token' && s.GRAPH_ACCESS_TOKEN === undefined,
  },
  {
    name: 'AZURE_TOKEN_CREDENTIALS',
    wants: 'prod or the name of one credential, with GRAPH_CREDENTIAL=azure in production',
    broken: (s) =>
      s.NODE_ENV === 'production' &&
      s.GRAPH_CREDENTIAL === 'azure' &&
      /^(dev)?$/i.test(s.AZURE_TOKEN_CREDENTIALS ?? ''),
  },
  {
    name: 'SIGN_IN',
    wants: 'oidc in production, and wherever HOST is not a loopback address',
    broken: (s) => s.SIGN_IN === 'off' && (s.NODE_ENV === 'production' || !isLoopback(s.HOST)),
  },
  {
    name: 'PUBLIC_URL',
    wants: 'https, or a loopback address, with SIGN_IN=oidc',
    broken: (s) => s.SIGN_IN === 'oidc' && s.PUBLIC_URL?.protocol === 'http:' && !isLoopback(s.PUBLIC_URL.hostname),
  },
  {
    name: 'OIDC_ISSUER',
    wants: "the tenant's id in an Entra issuer, not a domain or all tenants",
    broken: (s) =>
      /^login\.(microsoftonline\.(com|us)|partner\.microsoftonline\.cn)$/.test(s.OIDC_ISSUER?.hostname ?? '') &&
      !/^\/[0-9a-f-]{36}\/v2\.0\/?$/i.test(s.OIDC_ISSUER?.pathname ?? ''),
  },
  {
    name: 'ROLE_OPERATOR',
    wants: 'another role than ROLE_READER',
    broken: (s) => s.ROLE_OPERATOR === s.ROLE_READER,
  },
  ...(['OIDC_ISSUER', 'OIDC_CLIENT_ID'] as const).map((name) => ({
    name,
    wants: `${environment[name].description}, with SIGN_IN=oidc`,
    broken: (s: Values) => needsProvider(s) && s[name] === undefined,
  })),
  {
    name: 'OIDC_CLIENT_SECRET',
    wants: 'to be set, or OIDC_CLIENT_CERTIFICATE_PATH instead (not both), with SIGN_IN=oidc',
    broken: (s) =>
      needsProvider(s) && (s.OIDC_CLIENT_SECRET === undefined) === (s.OIDC_CLIENT_CERTIFICATE_PATH === undefined),
  },
  {
    name: 'SESSION_SECRET',
    wants: `${environment.SESSION_SECRET.description}, with SIGN_IN=oidc`,
    broken: (s) => needsProvider(s) && s.SESSION_SECRET === undefined,
  },
];

const needsProvider = (s: Values): boolean => s.SIGN_IN === 'oidc' && s.GRAPH_CREDENTIAL !== 'simulator';

/** A bad environment. `message` lists every bad variable with what it wants, and the value of none. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings from an environment. A variable that is set to nothing counts as not set.
 *
 * @throws {ConfigError} with all that is wrong at once
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(settingNames.map((name) => [name, env[name]?.trim() || undefined]));
  const unreadable = new Set(schema.safeParse(given).error?.issues.map(({ path }) => String(path[0])));
  // With what can't be read left out, the rest is judged as if that were not set.
  const values = schema.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !unreadable.has(name))));
  if (!unreadable.has('GRAPH_CREDENTIAL')) {
    if (values.NODE_ENV !== 'production') values.GRAPH_CREDENTIAL ??= 'simulator';
    if (!unreadable.has('SIGN_IN')) values.SIGN_IN ??= values.GRAPH_CREDENTIAL === 'simulator' ? 'off' : 'oidc';
  }
  const wants = new Map(
    Object.entries(environment).flatMap(([name, { description = '' }]) =>
      unreadable.has(name) ? [[name, description] as const] : [],
    ),
  );
  for (const { name, wants: text, broken } of rules) {
    if (!wants.has(name) && broken(values)) wants.set(name, text);
  }
  const { GRAPH_CREDENTIAL, SIGN_IN } = values;
  if (wants.size > 0 || GRAPH_CREDENTIAL === undefined || SIGN_IN === undefined) {
    const lines = [...wants].map(([name, text]) => `  ${name}: wants ${text}`);
    throw new ConfigError(`The settings can't be used:\n${lines.join('\n')}`);
  }
  return { ...values, GRAPH_CREDENTIAL, SIGN_IN };
}

/** The environment of this process, with an `.env` file beside it read in first if there is one. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  try {
    process.loadEnvFile();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw new ConfigError('The file .env can not be read.');
    }
  }
  return process.env;
}
