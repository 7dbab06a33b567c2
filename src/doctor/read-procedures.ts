import type { DeviceRunState } from '../graph/entities.js';
import type { CallOptions, Graph, Page } from '../graph/graph.js';
import { type ScriptKind, type ScriptRef, type StateRef, scriptKinds } from '../graph/ids.js';
import { Diagnosis } from './diagnosis.js';
import type { ResponseLog } from './response-log.js';

/** What Graph returned, in a few words. */
interface Found {
  readonly text: string;
  readonly advice?: string;
}

/** A read of the contract, for the scripts of one kind. */
export interface Read {
  readonly procedure: string;
  /** Whether the service is useless in a tenant that does not offer this read for any kind. */
  readonly isRequired?: boolean;
  /**
   * @returns `undefined` if there is nothing to try it with
   * @throws {CallError} if Graph rejects it or fails
   * @throws {Diagnosis} if the result lacks the data that the read is for
   */
  readonly run: (kind: ScriptKind) => Promise<Found | undefined>;
}

/** The reads, and the user states that they have found. */
export interface Reads {
  readonly reads: readonly Read[];
  readonly states: ReadonlyMap<ScriptKind, StateRef>;
}

/** How many scripts of a kind are searched for a user state. */
const maxSearched = 10;

const missingDevices =
  'the device names are missing: grant the application DeviceManagementManagedDevices.Read.All with admin consent, unless the tenant rejects $expand itself';

/** Creates the reads, in the order in which they need each other's results. */
export function createReads(graph: Graph, responses: ResponseLog, options: CallOptions): Reads {
  const scripts = new Map<ScriptKind, readonly ScriptRef[]>();
  const states = new Map<ScriptKind, StateRef>();

  /** Reads a list. `rejections` is the number of requests that Graph rejected before it accepted one. */
  async function readList<T>(list: () => Promise<Page<T>>): Promise<{ page: Page<T>; rejections: number }> {
    responses.take();
    const page = await list();
    return { page, rejections: responses.take().filter(isRejection).length };
  }

  async function readDevices(list: () => Promise<Page<DeviceRunState>>): Promise<Found> {
    const { page, rejections } = await readList(list);
    // The list is tried with $top and $expand, with $top, with $expand, and without both.
    const hasDevices = rejections === 0 || page.items.some(({ device }) => device !== null);
    const text = `${describe(page, rejections <= 1)}, ${hasDevices ? 'with' : 'without'} devices`;
    return { text, ...(!hasDevices && { advice: missingDevices }) };
  }

  const reads: readonly Read[] = [
    {
      procedure: 'script.list',
      isRequired: true,
      async run(scriptKind) {
        const { page, rejections } = await readList(() => graph.scripts.list(scriptKind, undefined, options));
        const found = page.items.map(({ id }) => ({ scriptKind, scriptId: id }));
        scripts.set(scriptKind, found);
        return { text: describe(page, rejections === 0) };
      },
    },
    {
      procedure: 'scriptUserState.list',
      isRequired: true,
      async run(kind) {
        const searched = scripts.get(kind)?.slice(0, maxSearched) ?? [];
        let rejected = 0;
        for (const script of searched) {
          const { page, rejections } = await readList(() => graph.userStates.list(script, undefined, options));
          rejected += rejections;
          const [state] = page.items;
          if (state === undefined) continue;
          states.set(kind, { ...script, userStateId: state.id });
          return { text: describe(page, rejected === 0) };
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
      procedure: 'scriptUserState.listForUser',
      async run(kind) {
        const userId = [...states.values()][0]?.userStateId.split(':')[1];
        // The first page is that of the scripts of the first kind.
        if (userId === undefined || kind !== scriptKinds[0]) return undefined;
        return { text: describe(await graph.userStates.listForUser(userId, undefined, options)) };
      },
    },
    {
      procedure: 'deviceRunState.list',
      async run(kind) {
        const state = states.get(kind);
        return state && readDevices(() => graph.deviceRunStates.list(state, undefined, options));
      },
    },
    {
      procedure: 'deviceRunState.listForScript',
      async run(kind) {
        const script = states.get(kind) ?? scripts.get(kind)?.[0];
        return script && readDevices(() => graph.deviceRunStates.listForScript(script, undefined, options));
      },
    },
    {
      procedure: 'script.overview',
      async run(kind) {
        if (!scripts.get(kind)?.length) return undefined;
        responses.take();
        const { items } = await graph.scripts.overview(kind, undefined, options);
        const count = items.filter(({ summary }) => summary !== null).length;
        if (count > 0) return { text: `${count} of ${items.length} with runSummary` };
        const statuses = new Set(responses.take().flatMap(({ status }) => (status === '200' ? [] : [status])));
        throw new Diagnosis(
          `no runSummary (HTTP ${[...statuses].join(', ') || '200'})`,
          'this tenant has no summaries: `script.overview` returns `summary: null`',
        );
      },
    },
  ];
  return { reads, states };
}

function isRejection({ status }: { readonly status: string }): boolean {
  return ['400', '403', '404', '405', '501'].includes(status);
}

/** The number of items on a page, and how it was requested. */
function describe({ items, nextCursor, unreadable }: Page<unknown>, hasTop?: boolean): string {
  return [
    nextCursor === undefined ? `${items.length}` : `${items.length} on the first page`,
    ...(unreadable === undefined ? [] : [`${unreadable} unreadable`]),
    ...(hasTop === undefined ? [] : [hasTop ? 'with $top' : 'without $top']),
  ].join(', ');
}
