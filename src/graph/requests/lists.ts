import type { ScriptOverview, UserStateOfScript } from '../entities.js';
import type { Page } from '../graph.js';
import type { ScriptKind } from '../ids.js';
import type { CallContext } from './call-context.js';
import { type CursorCodec, pagePosition } from './cursor.js';
import type { GraphClient } from './graph-client.js';
import { type List, scripts } from './list.js';
import type { Pager } from './pager.js';
import { createScriptOverview } from './script-overview.js';
import { createStatesOfUser, scriptsPosition } from './states-of-user.js';

/** The lists that callers read page by page. Each cursor is valid only for the list that it came from. */
export interface Lists {
  page<T extends { readonly id: string }>(
    list: List<T>,
    cursor: string | undefined,
    context: CallContext,
  ): Promise<Page<T>>;
  overview(kind: ScriptKind, cursor: string | undefined, context: CallContext): Promise<Page<ScriptOverview>>;
  statesOfUser(userId: string, cursor: string | undefined, context: CallContext): Promise<Page<UserStateOfScript>>;
}

/** @param basePath of Graph, with the version and a slash at its end */
export function createLists(client: GraphClient, readPage: Pager, cursors: CursorCodec, basePath: string): Lists {
  const addSummaries = createScriptOverview(client, basePath);
  const readStatesOfUser = createStatesOfUser(client, readPage, basePath);

  return {
    async page(list, cursor, context) {
      const position = cursors.decode(cursor, pagePosition, list.path);
      const { items, unreadable, next } = await readPage(list, position, context);
      return toPage(items, unreadable, cursors.encode(next, list.path));
    },
    async overview(kind, cursor, context) {
      const query = `overview ${kind}`;
      const position = cursors.decode(cursor, pagePosition, query);
      const { items, unreadable, next } = await readPage(scripts(kind), position, context);
      return toPage(await addSummaries(kind, items, context), unreadable, cursors.encode(next, query));
    },
    async statesOfUser(userId, cursor, context) {
      const query = `statesOfUser ${userId.toLowerCase()}`;
      const position = cursors.decode(cursor, scriptsPosition, query);
      const { items, unreadable, next } = await readStatesOfUser(userId, position, context);
      return toPage(items, unreadable, cursors.encode(next, query));
    },
  };
}

function toPage<T>(items: readonly T[], unreadable: number, nextCursor: string | undefined): Page<T> {
  return { items, ...(nextCursor !== undefined && { nextCursor }), ...(unreadable > 0 && { unreadable }) };
}
