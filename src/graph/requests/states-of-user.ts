import { z } from 'zod';
import type { ScriptUserState } from '../../script-user-state.js';
import {
  hasId,
  parseEntity,
  protocolError,
  type ScriptSummary,
  scriptUserState,
  type UserStateOfScript,
} from '../entities.js';
import { idPattern, type ScriptKind, scriptKinds } from '../ids.js';
import { userStatePath } from '../paths.js';
import type { GraphResponse } from '../wire/transport.js';
import type { CallContext } from './call-context.js';
import { awaitAll } from './concurrent-reads.js';
import { pagePosition } from './cursor.js';
import type { GraphClient } from './graph-client.js';
import { scripts } from './list.js';
import type { Pager } from './pager.js';
import { undefinedIfNotFound } from './user-states.js';

/** The schema of a {@link ScriptsPosition}. */
export const scriptsPosition = z.object({ scriptKind: z.enum(scriptKinds), page: pagePosition.optional() });

/** The position in the scripts of all kinds, one kind after the other: a page of a kind, or its first one. */
export type ScriptsPosition = z.output<typeof scriptsPosition>;

/** One person's states for the scripts of one page. */
export interface StatesPage {
  readonly items: readonly UserStateOfScript[];
  /** The number of scripts and states that were left out because they have an unknown form. */
  readonly unreadable: number;
  /** `undefined` on the last page. */
  readonly next: ScriptsPosition | undefined;
}

/** Reads one person's states for one page of scripts. @throws {CallError} */
export type ReadStatesOfUser = (
  userId: string,
  position: ScriptsPosition | undefined,
  context: CallContext,
) => Promise<StatesPage>;

/**
 * Graph cannot search states by person, but a state's id contains both ids: `<script>:<user>`. So the state for each
 * script is requested by its id; the requests are sent together.
 *
 * @param basePath of Graph, with the version and a slash at its end
 */
export function createStatesOfUser(client: GraphClient, readPage: Pager, basePath: string): ReadStatesOfUser {
  /** `undefined` if there is no such state, `null` if it is unreadable. */
  async function read(
    scriptKind: ScriptKind,
    { id: scriptId, displayName: scriptName }: ScriptSummary,
    userId: string,
    context: CallContext,
  ): Promise<UserStateOfScript | undefined | null> {
    const userStateId = `${scriptId}:${userId}`;
    if (!idPattern.test(scriptId) || !idPattern.test(userStateId)) return null;
    const path = basePath + userStatePath({ scriptKind, scriptId, userStateId });
    const reading = client.read(path, (response) => parseState(response, userStateId), context);
    const state = await undefinedIfNotFound(reading);
    return state && { ...state, scriptKind, scriptId, scriptName };
  }

  return async (userId, position, context) => {
    const { scriptKind, page: at } = position ?? { scriptKind: scriptKinds[0] };
    const page = await readPage(scripts(scriptKind), at, context);
    const states = await awaitAll(page.items.map((script) => read(scriptKind, script, userId, context)));
    const nextKind = scriptKinds[scriptKinds.indexOf(scriptKind) + 1];
    return {
      items: states.filter((state) => state !== undefined && state !== null),
      unreadable: page.unreadable + states.filter((state) => state === null).length,
      next: page.next ? { scriptKind, page: page.next } : nextKind && { scriptKind: nextKind },
    };
  };
}

/** `null` if Graph sends the state in an unknown form. */
function parseState(response: GraphResponse, id: string): ScriptUserState | null {
  const state = parseEntity(scriptUserState, response);
  if (state === undefined ? !response.isFromGraph : !hasId(state, id)) throw protocolError(response);
  return state ?? null;
}
