import { request } from 'undici';

/** A response, and the URL of the browser after it. */
export interface Page {
  /** The URL of the response, or that of the redirect that was not followed. */
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly setCookies: readonly string[];
  readonly html: string;
}

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly pair: string;
  readonly secure: boolean;
  readonly strict: boolean;
}

interface Sent {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether another site took part in the navigation: then `SameSite=Strict` cookies are not sent. */
  readonly crossSite?: boolean;
}

/** The part of a browser that a sign-in needs: cookies, forms, and redirects between known sites. */
export class CookieClient {
  /** All responses, including redirects. */
  readonly history: Page[] = [];
  readonly #cookies = new Map<string, Cookie>();
  readonly #addresses: ReadonlyMap<string, string>;
  #current: URL | undefined;

  /** @param addresses the addresses at which the known sites listen, by origin */
  constructor(addresses: Readonly<Record<string, string>> = {}) {
    this.#addresses = new Map(Object.entries(addresses));
  }

  /** Opens a URL, or submits a form from the current page. A redirect to the path `stopAt` is not followed. */
  async open(to: URL | string, form?: Readonly<Record<string, string>>, stopAt?: string): Promise<Page> {
    const initiator = form === undefined ? undefined : this.#current?.hostname;
    return this.#follow(new URL(to), new Set(initiator === undefined ? [] : [initiator]), stopAt, form);
  }

  async #follow(
    at: URL,
    sites: ReadonlySet<string>,
    stopAt: string | undefined,
    form?: Readonly<Record<string, string>>,
  ): Promise<Page> {
    const passed = new Set([...sites, at.hostname]);
    const page = await this.send(at, {
      crossSite: passed.size > 1,
      ...(form && {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      }),
    });
    const { location } = page.headers;
    if (typeof location !== 'string') {
      this.#current = at;
      return page;
    }
    const next = new URL(location, at);
    const known = next.origin === at.origin || this.#addresses.has(next.origin);
    return known && next.pathname !== stopAt ? this.#follow(next, passed, stopAt) : { ...page, url: next };
  }

  /** Sends a single request with its cookies, and follows no redirect. */
  async send(
    to: URL | string,
    { method = 'GET', headers = {}, body = '', crossSite = false }: Sent = {},
  ): Promise<Page> {
    const url = new URL(to);
    const cookie = this.#cookiesFor(url, crossSite);
    const response = await request(`${this.#addresses.get(url.origin) ?? url.origin}${url.pathname}${url.search}`, {
      method,
      headers: { accept: 'text/html', host: url.host, ...(cookie !== '' && { cookie }), ...headers },
      ...(body !== '' && { body }),
    });
    const setCookies = [response.headers['set-cookie'] ?? []].flat();
    for (const line of setCookies) this.#keep(url.hostname, line);
    const page = {
      url,
      status: response.statusCode,
      headers: response.headers,
      setCookies,
      html: await response.body.text(),
    };
    this.history.push(page);
    return page;
  }

  /** The cookies of a host, as `name=value`. */
  cookies(host: string): readonly string[] {
    return [...this.#cookies.values()].filter((cookie) => cookie.host === host).map(({ pair }) => pair);
  }

  /** Sets a cookie, as an attacker with write access to the cookie store would. */
  plant(host: string, pair: string): void {
    this.#keep(host, `${pair}; Path=/${pair.startsWith('__Host-') ? '; Secure' : ''}`);
  }

  #cookiesFor({ hostname, pathname, protocol }: URL, crossSite: boolean): string {
    return [...this.#cookies.values()]
      .filter(({ host, path }) => host === hostname && pathname.startsWith(path))
      .filter(({ secure, strict }) => (!secure || protocol === 'https:') && !(strict && crossSite))
      .map(({ pair }) => pair)
      .join('; ');
  }

  #keep(host: string, line: string): void {
    const [pair = '', ...rest] = line.split(/;\s*/);
    const attributes = new Map(
      rest.map((attribute) => [attribute.replace(/=.*/, '').toLowerCase(), attribute.replace(/^[^=]*=?/, '')]),
    );
    const name = pair.replace(/=.*/s, '');
    const path = attributes.get('path') ?? '/';
    const key = [host, path, name].join(' ');
    this.#cookies.delete(key);
    const ended =
      Number(attributes.get('max-age') ?? 1) <= 0 || Date.parse(attributes.get('expires') ?? '') <= Date.now();
    if (ended) return;
    const strict = attributes.get('samesite')?.toLowerCase() === 'strict';
    this.#cookies.set(key, { host, path, name, pair, secure: attributes.has('secure'), strict });
  }
}
