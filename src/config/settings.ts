import { z } from 'zod';
import { isLoopback } from '../loopback.js';
import { parseRedisUrl } from '../redis/address.js';
import { Secret } from '../secret.js';
import { type SimulatorFault, simulatorFaults } from '../simulator/faults/fault-names.js';

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

/** Whether a text is the URL of an HTTP proxy. Its user name and password must be valid percent-encodings. */
function isProxyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(text);
  if (!/^https?:$/.test(protocol) || pathname !== '/' || search !== '' || hash !== '') return false;
  return !/%(?![\da-f]{2})/i.test(username + password);
}

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
export const settings = {
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
  SESSION_ROLES_MINUTES: integer(1, 1440).default(60).describe('a whole number of minutes from 1 to 1440'),
  ROLE_READER: z.string().default('ScriptState.Read').describe('the value of an app role'),
  ROLE_OPERATOR: z.string().default('ScriptState.ReadWrite').describe('the value of an app role'),
  REDIS_URL: secret(z.string().refine((text) => parseRedisUrl(text) !== undefined))
    .optional()
    .describe('a redis:// or rediss:// URL, or redis+sentinel://HOST:PORT,HOST:PORT/NAME for the primary NAME'),
  AUDIT_LOG: z.string().default('stdout').describe('stdout or the path of a file'),
  JOB_RETENTION_DAYS: integer(1, 90).default(7).describe('a whole number of days from 1 to 90'),
  HTTPS_PROXY: secret(z.string().refine(isProxyUrl))
    .optional()
    .describe('the http:// or https:// URL of a proxy, with its user name and password percent-encoded'),
  NO_PROXY: z.string().optional().describe('a list of hosts separated by commas'),
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

/** The settings that are secrets. Each can also be read from a file. */
export const secretSettings = [
  'GRAPH_ACCESS_TOKEN',
  'OIDC_CLIENT_SECRET',
  'SESSION_SECRET',
  'REDIS_URL',
  'HTTPS_PROXY',
] as const satisfies readonly (keyof typeof settings)[];

/** The schema of all settings. */
export const settingsSchema = z.object(settings);

/** The settings, each of them valid by itself. */
export type Settings = z.output<typeof settingsSchema>;
