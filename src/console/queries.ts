import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query';
import type { RouterInputs, RouterOutputs } from '../contract.js';
import { failureOf } from './failure.js';
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
const cursorOf = ({ nextCursor }: { readonly nextCursor?: string | undefined }): Cursor => nextCursor;

/** Who is signed in. Asked again and again: it shows when the session ends and when the service is gone. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => trpc.session.current.query(undefined, { signal }),
  refetchInterval: ({ state }) =>
    state.status === 'error' && failureOf(state.error).reason === 'UNREACHABLE' ? 5_000 : 60_000,
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
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  });

/** The user states of a script, page by page. */
export const userStatesQuery = (script: Script) =>
  infiniteQueryOptions({
    queryKey: ['userStates', script],
    queryFn: ({ pageParam: cursor, signal }) => trpc.scriptUserState.list.query({ ...script, cursor }, { signal }),
    initialPageParam: firstPage,
    getNextPageParam: cursorOf,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  });

/** How a script ran on one person's devices. */
export const deviceRunStatesQuery = (target: Target) =>
  infiniteQueryOptions({
    queryKey: ['deviceRunStates', target],
    queryFn: ({ pageParam: cursor, signal }) => trpc.deviceRunState.list.query({ ...target, cursor }, { signal }),
    initialPageParam: firstPage,
    getNextPageParam: cursorOf,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  });

/** Changes one user state in the list that is shown, until the list is fetched again. */
export function replaceUserState(client: QueryClient, script: Script, changed: UserState): void {
  client.setQueryData(
    userStatesQuery(script).queryKey,
    (list) =>
      list && {
        ...list,
        pages: list.pages.map((page) => ({
          ...page,
          items: page.items.map((state) => (state.id === changed.id ? changed : state)),
        })),
      },
  );
}
