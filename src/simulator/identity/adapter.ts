import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/**
 * Creates the in-memory store for oidc-provider's sessions, codes and tokens. Unlike the adapter of oidc-provider, it
 * writes no warning to the console.
 */
export function createIdentityStore(): AdapterFactory {
  return () => {
    const records = new Map<string, AdapterPayload>();
    const find = (matches: (payload: AdapterPayload) => boolean) => [...records.values()].find(matches);
    return {
      upsert: async (id, payload) => void records.set(id, payload),
      find: async (id) => records.get(id),
      findByUid: async (uid) => find((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => find((payload) => payload.userCode === userCode),
      async consume(id) {
        const payload = records.get(id);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void records.delete(id),
      async revokeByGrantId(grantId) {
        for (const [id, payload] of records) if (payload.grantId === grantId) records.delete(id);
      },
    } satisfies Adapter;
  };
}
