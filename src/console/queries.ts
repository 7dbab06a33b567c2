import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { RouterInputs, RouterOutputs } from '../contract.js';
import { trpc } from './trpc.js';

/** One person's run state of a script. */
export type UserState = RouterOutputs['scriptUserState']['get'];
/** What names a script. */
export type Script = Omit<RouterInputs['scriptUserState']['list'], 'cursor'>;
/** What names a user state. */
export type Target = RouterInputs['scriptUserState']['get'];
export type ScriptKind = Script['scriptKind'];
export type ScriptSummary = RouterOutputs['script']['list']['items'][number];
export type DeviceRunState = RouterOutputs['deviceRunState']['list']['items'][number];
export type Session = RouterOutputs['session']['current'];

type Cursor = string | undefined;
const firstPage = undefined as Cursor;
const itemsOf = <Item>({ pages }: { readonly pages: readonly { readonly items: readonly Item[] }[] }): Item[] =>
  pages.flatMap(({ items }) => items);
const cursorOf = ({ nextCursor }: { readonly nextCursor?: string | undefined }): Cursor => nextCursor;

/** Who is signed in. Asked again and again: it shows when the session ends and when the service is gone. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => trpc.session.current.query(undefined, { signal }),
  refetchInterval: ({ state }) => (state.status === 'error' ? 5_000 : 60_000),
  networkMode: 'always',
  staleTime: 30_000,
  refetchOnWindowFocus: true,
  refetchOnReconnect: true,
});

/** The scripts of a kind. */
export const scriptsQuery = (scriptKind: ScriptKind) =>
  infiniteQueryOptions({
    queryKey: ['scripts', scriptKind],
    queryFn: ({ pageParam: cursor, signal }) => trpc.script.list.query({ scriptKind, cursor }, { signal }),
    initialPageParam: firstPage,
    getNextPageParam: cursorOf,
    select: itemsOf,
  });

/** A user state as it came in a list. */
export interface ListedState {
  readonly state: UserState;
  /** When it was asked for (milliseconds since 1970): it is no newer than the answer and may be as old as this. */
  readonly askedAt: number;
}

/** The user states of a script, page by page. */
export const userStatesQuery = (script: Script) =>
  infiniteQueryOptions({
    queryKey: ['userStates', script],
    queryFn: async ({ pageParam: cursor, signal }) => {
      const askedAt = Date.now();
      const { items, nextCursor } = await trpc.scriptUserState.list.query({ ...script, cursor }, { signal });
      return { items: items.map((state): ListedState => ({ state, askedAt })), nextCursor };
    },
    initialPageParam: firstPage,
    getNextPageParam: cursorOf,
    select: itemsOf,
  });

/** How a script ran on one person's devices. */
export const deviceRunStatesQuery = (target: Target) =>
  infiniteQueryOptions({
    queryKey: ['deviceRunStates', target],
    queryFn: ({ pageParam: cursor, signal }) => trpc.deviceRunState.list.query({ ...target, cursor }, { signal }),
    initialPageParam: firstPage,
    getNextPageParam: cursorOf,
    select: itemsOf,
  });
