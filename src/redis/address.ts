/** A host and its port. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Credentials, as Redis' `AUTH` has them. Without a user name, the password is that of the user `default`. */
export interface RedisCredentials {
  readonly username?: string;
  readonly password?: string;
}

/** Where Redis is, and how to connect to it. */
export interface RedisAddress {
  /** One server, or the Sentinels that know the primary. */
  readonly nodes: readonly [HostAndPort, ...HostAndPort[]];
  /** The name under which the Sentinels monitor the primary; `undefined` for a single server. */
  readonly primaryName: string | undefined;
  readonly tls: boolean;
  readonly database: number;
  readonly credentials: RedisCredentials;
  /** The credentials for the Sentinels themselves. */
  readonly sentinelCredentials: RedisCredentials;
}

const defaultPort = 6379;
const defaultSentinelPort = 26_379;

const parameterNames: ReadonlySet<string> = new Set(['sentinelUser', 'sentinelPassword']);

/** Scheme, user info, hosts, path and query. A URL cannot have several hosts, so that `URL` cannot parse this form. */
const form = /^redis(s?)(\+sentinel)?:\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)(?:\/([^?#\s]*))?(?:\?([^#\s]*))?$/;

/**
 * Parses `REDIS_URL`: `redis://USER:PASSWORD@HOST:PORT/DATABASE`, or with Sentinel
 * `redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME/DATABASE?sentinelUser=…&sentinelPassword=…`. `rediss` in the
 * place of `redis` uses TLS, also to the Sentinels. An IPv6 address is in brackets.
 *
 * @returns `undefined` if the text has another form
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const [, secure, sentinel, userInfo = '', hosts = '', path = '', query = ''] = form.exec(text) ?? [];
  if (secure === undefined) return undefined;
  const hasSentinel = sentinel !== undefined;
  const parsed = hosts.split(',').map((host) => parseHost(host, hasSentinel ? defaultSentinelPort : defaultPort));
  const [first, ...others] = parsed.filter((each) => each !== undefined);
  const segments = path === '' ? [] : path.split('/');
  const primaryName = hasSentinel ? decode(segments.shift() ?? '') : undefined;
  const [database = '0', ...rest] = segments;
  const [rawUsername = '', rawPassword = ''] = userInfo.split(/:(.*)/s);
  const [username, password] = [decode(rawUsername), decode(rawPassword)];
  const parameters = parseQuery(query);
  const isValid =
    others.length === parsed.length - 1 &&
    (hasSentinel || others.length === 0) &&
    (!hasSentinel || Boolean(primaryName)) &&
    /^\d{1,5}$/.test(database) &&
    rest.length === 0 &&
    username !== undefined &&
    password !== undefined &&
    parameters !== undefined &&
    (hasSentinel || query === '');
  if (first === undefined || !isValid) return undefined;
  return {
    nodes: [first, ...others],
    primaryName,
    tls: secure === 's',
    database: Number(database),
    credentials: credentials(username, password),
    sentinelCredentials: credentials(parameters.get('sentinelUser'), parameters.get('sentinelPassword')),
  };
}

function parseHost(text: string, port: number): HostAndPort | undefined {
  // `URL` checks the host name and the port. Only http and its like are checked completely.
  if (!URL.canParse(`http://${text}`) || text === '') return undefined;
  const url = new URL(`http://${text}`);
  // The port that is http's default is omitted from the URL.
  const ownPort = /:(\d+)$/.exec(text.replace(/^\[[^\]]*\]/, ''))?.[1];
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: ownPort === undefined ? port : Number(ownPort) };
}

function parseQuery(query: string): URLSearchParams | undefined {
  const parameters = new URLSearchParams(query);
  return [...parameters.keys()].every((name) => parameterNames.has(name)) ? parameters : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function credentials(username?: string | null, password?: string | null): RedisCredentials {
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) };
}
