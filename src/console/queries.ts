import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { RouterInputs, RouterOutputs } from '../client/index.js';
import { idKey } from './ids.js';
import { listRetry } from './retry.js';
import { sessionTrpc, trpc } from './trpc.js';

/** The run state of a script for one person. */
export type ScriptUserState = RouterOutputs['scriptUserState']['get'];
/** Identifies a script. */
export type ScriptRef = Omit<RouterInputs['scriptUserState']['list'], 'cursor'>;
/** Identifies a user state. */
export type StateRef = RouterInputs['scriptUserState']['get'];
export type ScriptKind = ScriptRef['scriptKind'];
export type ScriptSummary = RouterOutputs['script']['list']['items'][number];
/** A script with the summary of its runs. */
export type ScriptOverview = RouterOutputs['script']['overview']['items'][number];
/** A person's state for one of many scripts. */
export type PersonState = RouterOutputs['scriptUserState']['listForUser']['items'][number];
export type DeviceRunState = RouterOutputs['deviceRunState']['list']['items'][number];
export type Session = RouterOutputs['session']['current'];

type Cursor = string | undefined;
const firstPage = undefined as Cursor;
interface Page<Item> {
  readonly items: readonly Item[];
  readonly unreadable?: number | undefined;
}

/** The items of the pages that have been fetched. */
export interface PagedItems<Item> {
  readonly items: readonly Item[];
  /** The number of entries that are missing because Graph sent them in an unknown form. */
  readonly unreadable: number;
}

/**
 * Joins pages. Graph can send an item more than once, on one page or on several: the last one replaces the first. React
 * would keep rows with the same key on the page after sorting or filtering, in place of other people's rows.
 */
export function joinPages<Item extends { readonly id: string }>({
  pages,
}: {
  readonly pages: readonly Page<Item>[];
}): PagedItems<Item> {
  const items = new Map(pages.flatMap((page) => page.items).map((item) => [idKey(item.id), item]));
  return {
    items: [...items.values()],
    unreadable: pages.reduce((total, { unreadable = 0 }) => total + unreadable, 0),
  };
}
const listOptions = {
  initialPageParam: firstPage,
  getNextPageParam: ({ nextCursor }: { readonly nextCursor?: string | undefined }): Cursor => nextCursor,
  ...listRetry,
};

/** The current session. Polled, to notice when the session ends or the service becomes unreachable. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => sessionTrpc.session.current.query(undefined, { signal }),
  refetchInterval: ({ state }) => (state.status === 'error' ? 5_000 : 60_000),
  networkMode: 'always',
  staleTime: 30_000,
  refetchOnWindowFocus: true,
  refetchOnReconnect: true,
});

/** The scripts of one kind with the summaries of their runs, page by page. */
export const scriptOverviewQuery = (scriptKind: ScriptKind) =>
  infiniteQueryOptions({
    queryKey: ['scriptOverview', scriptKind],
    queryFn: ({ pageParam: cursor, signal }) => trpc.script.overview.query({ scriptKind, cursor }, { signal }),
    ...listOptions,
    select: joinPages,
  });

/** The scripts of one kind, page by page. */
export const scriptsQuery = (scriptKind: ScriptKind) =>
  infiniteQueryOptions({
    queryKey: ['scripts', scriptKind],
    queryFn: ({ pageParam: cursor, signal }) => trpc.script.list.query({ scriptKind, cursor }, { signal }),
    ...listOptions,
    select: joinPages,
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
      const { items, ...page } = await trpc.scriptUserState.list.query({ ...script, cursor }, { signal });
      return { ...page, items: items.map((state): ListedState => ({ id: state.id, state, requestedAt })) };
    },
    ...listOptions,
    select: joinPages,
  });

/** One user state as Graph shows it now. */
export const userStateQuery = (state: StateRef) =>
  queryOptions({
    queryKey: ['userState', state],
    queryFn: ({ signal }) => trpc.scriptUserState.get.query(state, { signal }),
    // Read again whenever it is needed.
    staleTime: 0,
    gcTime: 0,
  });

/** The run states of a script on the devices of all people, page by page. */
export const scriptDeviceStatesQuery = (script: ScriptRef) =>
  infiniteQueryOptions({
    queryKey: ['scriptDeviceStates', script],
    queryFn: ({ pageParam: cursor, signal }) =>
      trpc.deviceRunState.listForScript.query({ ...script, cursor }, { signal }),
    ...listOptions,
    select: joinPages,
  });

/** One person's states for all scripts, page by page. */
export const personStatesQuery = (userId: string) =>
  infiniteQueryOptions({
    queryKey: ['personStates', idKey(userId)],
    queryFn: ({ pageParam: cursor, signal }) => trpc.scriptUserState.listForUser.query({ userId, cursor }, { signal }),
    ...listOptions,
    select: joinPages,
  });

/** The run states of a script on one person's devices, page by page. */
export const deviceRunStatesQuery = (state: StateRef) =>
  infiniteQueryOptions({
    queryKey: ['deviceRunStates', state],
    queryFn: ({ pageParam: cursor, signal }) => trpc.deviceRunState.list.query({ ...state, cursor }, { signal }),
    ...listOptions,
    select: joinPages,
  });

/** The results of a script on one person's devices: the first 200, which are more devices than people have. */
export const personDevicesQuery = (state: StateRef) =>
  queryOptions({
    queryKey: ['personDevices', state],
    queryFn: ({ signal }) => trpc.deviceRunState.list.query(state, { signal }),
    ...listRetry,
  });
