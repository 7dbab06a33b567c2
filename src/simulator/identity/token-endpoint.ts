import { once } from 'node:events';
import type Provider from 'oidc-provider';
import type { CanBePromise, KoaContextWithOIDC, TokenEndpointGrantContext, UnknownObject } from 'oidc-provider';
import type { OidcProviderModule } from './load-oidc-provider.js';
import type { IdentityState, TokenEndpointMode } from './settings.js';

type Names = string | readonly string[] | ReadonlySet<string>;

/**
 * Returns oidc-provider's class with a token endpoint that counts the grants of authenticated clients and responds as
 * the settings say.
 */
export function withControlledTokenEndpoint(
  oidc: OidcProviderModule,
  { settings, counts }: IdentityState,
): typeof Provider {
  return class ControlledProvider extends oidc.default {
    // The constructor of oidc-provider registers the standard grant types with this method too.
    override registerGrantType<Params extends object = UnknownObject>(
      name: string,
      handler: (ctx: TokenEndpointGrantContext<Params>) => CanBePromise<void>,
      params?: Names,
      duplicates?: Names,
    ): void {
      const controlled = async (ctx: TokenEndpointGrantContext<Params>): Promise<void> => {
        const isRefresh = name === 'refresh_token';
        counts[isRefresh ? 'refreshes' : 'codeGrants'] += 1;
        const mode = isRefresh ? settings.refresh : settings.token;
        await (mode === 'ok' ? handler(ctx) : fail(oidc, mode, ctx));
        for (const member of settings.omit ?? []) if (isRecord(ctx.body)) delete ctx.body[member];
      };
      super.registerGrantType(name, controlled, params, duplicates);
    }
  };
}

function isRecord(body: unknown): body is Record<string, unknown> {
  return typeof body === 'object' && body !== null;
}

async function fail(
  { errors }: OidcProviderModule,
  mode: Exclude<TokenEndpointMode, 'ok'>,
  ctx: KoaContextWithOIDC,
): Promise<void> {
  switch (mode) {
    case 'invalid_grant':
      throw new errors.InvalidGrant('simulated failure');
    case 'invalid_client':
      throw new errors.InvalidClient('simulated failure');
    case 'unavailable':
      ctx.status = 503;
      ctx.body = { error: 'temporarily_unavailable', error_description: 'simulated failure' };
      return;
    case 'stall':
      // Until the client or the simulator closes the connection.
      await once(ctx.res, 'close');
  }
}
