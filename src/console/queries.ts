import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { RouterInputs, RouterOutputs } from '../contract.js';
import { trpc } from './trpc.js';

/** The run state of a script for one person. */
export type ScriptUserState = RouterOutputs['scriptUserState']['get'];
/** Identifies a script. */
export type ScriptRef = Omit<RouterInputs['scriptUserState']['list'], 'cursor'>;
/** Identifies a user state. */
export type StateRef = RouterInputs['scriptUserState']['get'];
export type ScriptKind = ScriptRef['scriptKind'];
export type ScriptSummary = RouterOutputs['script']['list']['items'][number];
export type DeviceRunState = RouterOutputs['deviceRunState']['list']['items'][number];
export type Session = RouterOutputs['session']['current'];

type Cursor = string | undefined;
const firstPage = undefined as Cursor;
interface Identified {
  readonly id: string;
}

/** The distinct items of all pages: Graph can send a page twice. The case of a GUID has no meaning. */
const itemsOf = <Item extends Identified>({
  pages,
}: {
  readonly pages: readonly { readonly items: readonly Item[] }[];
}) => [...new Map(pages.flatMap(({ items }) => items).map((item) => [item.id.toLowerCase(), item])).values()];
const cursorOf = ({ nextCursor }: { readonly nextCursor?: string | undefined }): Cursor => nextCursor;

/** The current session. Polled, to notice when the session ends or the service becomes unreachable. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => trpc.session.current.query(undefined, { signal }),
  refetchInterval: ({ state }) => (state.status === 'error' ? 5_000 : 60_000),
  networkMode: 'always',
  staleTime: 30_000,
  refetchOnWindowFocus: true,
  refetchOnReconnect: true,
});

/** The scripts of one kind, page by page. */
export const scriptsQuery = (scriptKind: ScriptKind) =>
  infiniteQueryOptions({
    queryKey: ['scripts', scriptKind],
    queryFn: ({ pageParam: cursor, signal }) => trpc.script.list.query({ scriptKind, cursor }, { signal }),
    initialPageParam: firstPage,
    getNextPageParam: cursorOf,
    select: itemsOf,
  });

/** A user state from a fetched list. */
export interface ListedState {
  readonly id: string;
  readonly state: ScriptUserState;
  /** When its page was requested, in milliseconds since 1970. The state may be as old as this. */
  readonly requestedAt: number;
}

/** The user states of a script, page by page. */
export const userStatesQuery = (script: ScriptRef) =>
  infiniteQueryOptions({
    queryKey: ['userStates', script],
    queryFn: async ({ pageParam: cursor, signal }) => {
      const requestedAt = Date.now();
      const { items, nextCursor } = await trpc.scriptUserState.list.query({ ...script, cursor }, { signal });
      return { items: items.map((state): ListedState => ({ id: state.id, state, requestedAt })), nextCursor };
    },
    initialPageParam: firstPage,
    getNextPageParam: cursorOf,
    select: itemsOf,
  });

/** The run states of a script on one person's devices, page by page. */
export const deviceRunStatesQuery = (state: StateRef) =>
  infiniteQueryOptions({
    queryKey: ['deviceRunStates', state],
    queryFn: ({ pageParam: cursor, signal }) => trpc.deviceRunState.list.query({ ...state, cursor }, { signal }),
    initialPageParam: firstPage,
    getNextPageParam: cursorOf,
    select: itemsOf,
  });
