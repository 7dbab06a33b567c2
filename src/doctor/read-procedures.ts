import type { CallOptions, Graph, Page } from '../graph/graph.js';
import type { ScriptKind, ScriptRef, StateRef } from '../graph/ids.js';

/** What Graph returned, in a few words. */
export interface Found {
  readonly text: string;
  readonly advice?: string;
}

/** A read of the contract, for the scripts of one kind. */
export interface Read {
  readonly procedure: string;
  /** Whether the service is of no use in a tenant that does not offer it for any kind. */
  readonly isRequired?: boolean;
  /** @returns `undefined` if there is nothing to try it with */
  readonly run: (kind: ScriptKind) => Promise<Found | undefined>;
}

/** How many scripts of a kind are searched for a user state. */
const maxSearched = 10;

/** The reads in the order in which they need each other's results, and the user states that they found. */
export function createReads(
  graph: Graph,
  options: CallOptions,
): { readonly reads: readonly Read[]; readonly states: ReadonlyMap<ScriptKind, StateRef> } {
  const scripts = new Map<ScriptKind, readonly ScriptRef[]>();
  const states = new Map<ScriptKind, StateRef>();

  const reads: readonly Read[] = [
    {
      procedure: 'script.list',
      isRequired: true,
      async run(scriptKind) {
        const page = await graph.scripts.list(scriptKind, undefined, options);
        scripts.set(
          scriptKind,
          page.items.map(({ id: scriptId }) => ({ scriptKind, scriptId })),
        );
        return { text: countOf(page) };
      },
    },
    {
      procedure: 'scriptUserState.list',
      isRequired: true,
      async run(kind) {
        const searched = scripts.get(kind)?.slice(0, maxSearched) ?? [];
        for (const script of searched) {
          const page = await graph.userStates.list(script, undefined, options);
          const [state] = page.items;
          if (state === undefined) continue;
          states.set(kind, { ...script, userStateId: state.id });
          return { text: countOf(page) };
        }
        return searched.length > 0 ? { text: `none in ${searched.length} scripts` } : undefined;
      },
    },
    {
      procedure: 'scriptUserState.get',
      isRequired: true,
      async run(kind) {
        const state = states.get(kind);
        if (state === undefined) return undefined;
        await graph.userStates.get(state, options);
        return { text: '1' };
      },
    },
    {
      procedure: 'deviceRunState.list',
      async run(kind) {
        const state = states.get(kind);
        if (state === undefined) return undefined;
        return { text: countOf(await graph.deviceRunStates.list(state, undefined, options)) };
      },
    },
  ];
  return { reads, states };
}

/** The number of items on a page, and what is special about it. */
function countOf({ items, nextCursor, unreadable }: Page<unknown>): string {
  const notes = [nextCursor !== undefined && 'on the first page', unreadable && `${unreadable} unreadable`];
  return [String(items.length), ...notes].filter(Boolean).join(', ');
}
