import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  type Activity,
  type ActivityFilter,
  type ActivityStore,
  activitiesPerPage,
  isSelected,
} from '../jobs/activity.js';
import { createSealer } from '../seal.js';
import { appendScript, readScript } from './activity-scripts.js';
import type { Redis } from './connection.js';
import { redisKey } from './keys.js';
import { runScript } from './script.js';

/** The options of {@link createRedisActivityStore}. */
export interface RedisActivityStoreOptions {
  /** The first one encrypts; all of them decrypt. */
  readonly secrets: readonly string[];
  /** How long an activity is kept, in milliseconds. */
  readonly retentionMs: number;
  /** Called if an activity cannot be opened, which is then left out. */
  readonly onUnreadable: () => void;
  /** Called when activities are dropped because Redis is slow or unavailable. */
  readonly onDropped: () => void;
}

/** Activities that replicas share. */
export interface RedisActivityStore extends ActivityStore {
  /** Waits until pending activities are stored, for 1 s at most. */
  close(): Promise<void>;
}

/** The number of activities in Redis, roughly: about 25 MB. */
const maxActivities = 30_000;

/** The number of activities that can wait for Redis: about 10 MB. */
const maxBuffered = 10_000;

const perBatch = 100;

/** The number of entries that one page reads at most. This blocks Redis for a few milliseconds. */
const maxEntriesRead = 2_000;

const retryEveryMs = 1_000;
const closeTimeoutMs = 1_000;

/** How long a read waits for the activities of its own replica. */
const readWaitMs = 1_000;

const allKey = redisKey('activity', 'all');
const readReply = z.tuple([z.string(), z.array(z.string())]);

/** A value that opens was sealed by a replica, as this form. */
const storedActivity = z.custom<Activity>((value) => typeof value === 'object' && value !== null);

/**
 * Creates a store in Redis: a capped stream of sealed activities, and beside it a stream for each script and each job,
 * with the ids of its activities. Writes to Graph do not wait for it.
 */
export function createRedisActivityStore(redis: Redis, options: RedisActivityStoreOptions): RedisActivityStore {
  const { secrets, retentionMs, onUnreadable, onDropped } = options;
  const sealer = createSealer(secrets, 'activity');
  const lastBatchKey = redisKey('activity-batch', crypto.randomUUID());
  const closing = new AbortController();
  let buffer: Activity[] = [];
  let added = 0;
  let stored = 0;
  let isFull = false;
  let batches = 0;
  let storing: Promise<void> | undefined;
  const waiting = new Set<() => void>();

  async function append(batch: readonly Activity[]): Promise<void> {
    const keys = [lastBatchKey, allKey];
    const numberOf = (key: string | undefined): number => {
      if (key === undefined) return 0;
      const found = keys.indexOf(key);
      return found < 0 ? keys.push(key) : found + 1;
    };
    const args = batch.flatMap((activity) => [
      sealer.seal(JSON.stringify(activity), allKey),
      tagOf(activity).join('.'),
      numberOf(scriptKey(activity)),
      numberOf(jobKey(activity)),
    ]);
    await runScript(redis, appendScript, keys, [batches, maxActivities, retentionMs, ...args]);
  }

  async function storeBatch(): Promise<void> {
    const batch = buffer.slice(0, perBatch);
    batches++;
    while (!closing.signal.aborted) {
      try {
        await append(batch);
        break;
      } catch {
        await sleep(retryEveryMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      }
    }
    buffer = buffer.slice(batch.length);
    stored += batch.length;
    isFull = false;
    for (const onStored of waiting) onStored();
  }

  async function storeAll(): Promise<void> {
    // Activities that are added in the same iteration of the event loop are stored together.
    await new Promise(setImmediate);
    while (buffer.length > 0 && !closing.signal.aborted) await storeBatch();
    storing = undefined;
  }

  /** Resolves when what has been added is stored, or after a time. */
  async function whenStored(timeoutMs: number): Promise<void> {
    const last = added;
    if (stored >= last) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        waiting.delete(onStored);
        resolve();
      };
      const onStored = () => {
        if (stored >= last) end();
      };
      const timer = setTimeout(end, timeoutMs);
      waiting.add(onStored);
    });
  }

  return {
    add(activity) {
      if (buffer.length >= maxBuffered) {
        if (!isFull) onDropped();
        isFull = true;
        return;
      }
      buffer.push(activity);
      added++;
      storing ??= storeAll();
    },

    async read(filter, from) {
      await whenStored(readWaitMs);
      const index = (filter.jobId === undefined ? scriptKey(filter) : jobKey(filter)) ?? allKey;
      const args = [from ?? '', retentionMs, maxEntriesRead, activitiesPerPage, ...tagOf(filter)];
      const [before, values] = readReply.parse(await runScript(redis, readScript, [index, allKey], args));
      const texts = values.map((value) => sealer.open(value, allKey));
      if (texts.includes(undefined)) onUnreadable();
      const items = texts
        .flatMap((text) => (text === undefined ? [] : [storedActivity.parse(JSON.parse(text))]))
        // Different ids can have the same fingerprint.
        .filter((activity) => isSelected(activity, filter));
      return { items, before: before === '' ? undefined : before };
    },

    async close() {
      await whenStored(closeTimeoutMs);
      closing.abort();
      await storing;
    },
  };
}

function scriptKey({ scriptKind, scriptId }: ActivityFilter): string | undefined {
  return scriptKind === undefined || scriptId === undefined
    ? undefined
    : redisKey('activity-script', `${scriptKind}:${scriptId.toLowerCase()}`);
}

function jobKey({ jobId }: ActivityFilter): string | undefined {
  return jobId === undefined ? undefined : redisKey('activity-job', jobId);
}

/** The parts of a tag: those of an activity, or those that a filter selects. */
function tagOf({ scriptKind = '', scriptId, userStateId, jobId }: ActivityFilter): readonly string[] {
  return [scriptKind, ...[scriptId, userStateId, jobId].map((id) => (id === undefined ? '' : fingerprint(id)))];
}

/** 48 bits of a hash: ids of states contain those of people. */
function fingerprint(id: string): string {
  return createHash('sha256').update(id.toLowerCase()).digest('base64url').slice(0, 8);
}
