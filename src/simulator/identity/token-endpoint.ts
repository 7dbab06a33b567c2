import { once } from 'node:events';
import type Provider from 'oidc-provider';
import type { CanBePromise, KoaContextWithOIDC, TokenEndpointGrantContext, UnknownObject } from 'oidc-provider';
import type { OidcProvider } from './load-oidc-provider.js';
import type { IdentityControl, Mishap } from './settings.js';

type Names = string | readonly string[] | ReadonlySet<string>;

/** A provider whose token endpoint counts what it is asked, and fails on demand once the client is authenticated. */
export function steeredProvider(oidc: OidcProvider, { settings, counts }: IdentityControl): typeof Provider {
  return class SteeredProvider extends oidc.default {
    // The provider registers its own grant types by this method: the one place where all of them come by.
    override registerGrantType<Params extends object = UnknownObject>(
      name: string,
      handler: (ctx: TokenEndpointGrantContext<Params>) => CanBePromise<void>,
      params?: Names,
      duplicates?: Names,
    ): void {
      const steered = async (ctx: TokenEndpointGrantContext<Params>): Promise<void> => {
        const refresh = name === 'refresh_token';
        counts[refresh ? 'refreshes' : 'codeGrants'] += 1;
        const mishap = refresh ? settings.refresh : settings.token;
        await (mishap === 'ok' ? handler(ctx) : fail(oidc, mishap, ctx));
      };
      super.registerGrantType(name, steered, params, duplicates);
    }
  };
}

async function fail({ errors }: OidcProvider, mishap: Exclude<Mishap, 'ok'>, ctx: KoaContextWithOIDC): Promise<void> {
  switch (mishap) {
    case 'invalid_grant':
      throw new errors.InvalidGrant('on demand');
    case 'invalid_client':
      throw new errors.InvalidClient('on demand');
    case 'unavailable':
      ctx.status = 503;
      ctx.body = { error: 'temporarily_unavailable', error_description: 'on demand' };
      return;
    case 'stall':
      // Until the caller or the simulator gives up.
      await once(ctx.res, 'close');
  }
}
