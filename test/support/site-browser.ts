import { request } from 'undici';

/** An answer, as a browser got it. */
export interface Page {
  /** Where the browser is now: at the address that answered, or before the one that it was not to follow to. */
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
  /** Whether another site had a hand in it: then `SameSite=Strict` cookies stay at home. */
  readonly crossSite?: boolean;
}

/** As much of a browser as a sign-in needs: cookies, and every redirect within a site or to one that it knows. */
export class Browser {
  /** Every answer, redirects included. */
  readonly history: Page[] = [];
  readonly #cookies = new Map<string, Cookie>();
  readonly #addresses: ReadonlyMap<string, string>;
  #shown: URL | undefined;

  /** @param addresses where the sites that it may be led to really listen, by their origins */
  constructor(addresses: Readonly<Record<string, string>> = {}) {
    this.#addresses = new Map(Object.entries(addresses));
  }

  /** Types an address, or sends a form of the page that is shown. A redirect to the path `stopAt` is not followed. */
  async open(to: URL | string, form?: Readonly<Record<string, string>>, stopAt?: string): Promise<Page> {
    const initiator = form === undefined ? undefined : this.#shown?.hostname;
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
      this.#shown = at;
      return page;
    }
    const next = new URL(location, at);
    const known = next.origin === at.origin || this.#addresses.has(next.origin);
    return known && next.pathname !== stopAt ? this.#follow(next, passed, stopAt) : { ...page, url: next };
  }

  /** Sends one request with the cookies that belong to it, and follows nothing. */
  async send(
    to: URL | string,
    { method = 'GET', headers = {}, body = '', crossSite = false }: Sent = {},
  ): Promise<Page> {
    const url = new URL(to);
    const cookie = this.#cookiesFor(url, crossSite);
    const answer = await request(`${this.#addresses.get(url.origin) ?? url.origin}${url.pathname}${url.search}`, {
      method,
      headers: { accept: 'text/html', host: url.host, ...(cookie !== '' && { cookie }), ...headers },
      ...(body !== '' && { body }),
    });
    const setCookies = [answer.headers['set-cookie'] ?? []].flat();
    for (const line of setCookies) this.#keep(url.hostname, line);
    const page = {
      url,
      status: answer.statusCode,
      headers: answer.headers,
      setCookies,
      html: await answer.body.text(),
    };
    this.history.push(page);
    return page;
  }

  /** The cookies of one host, as `name=value`. */
  cookies(host: string): readonly string[] {
    return [...this.#cookies.values()].filter((cookie) => cookie.host === host).map(({ pair }) => pair);
  }

  /** Puts a cookie into the jar by hand, as somebody who can write to it would. */
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
