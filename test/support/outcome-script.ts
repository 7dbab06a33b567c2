import * as fc from 'fast-check';

// Scripts for a Graph with one user state: its responses to a write, and the effect of the write.

/**
 * The effect of a write: it is applied before its response (`now`), never, before the second read (`soon`), after some
 * further requests (`later`), or with other values (`clamped`).
 */
export type Effect = 'now' | 'never' | 'soon' | 'later' | 'clamped';

/** The effects that a request can have if Graph, or another server, responds to it in this way. */
const effectsOf = {
  'not-sent': ['never'],
  rejected: ['never'],
  forbidden: ['never'],
  queued: ['never'],
  throttled: ['never', 'now'],
  unavailable: ['never', 'now'],
  'server-error': ['never', 'now'],
  'bad-gateway': ['never', 'now'],
  'gateway-timeout': ['never', 'now', 'later'],
  'service-timeout': ['never', 'now', 'later'],
  'request-timeout': ['never', 'now', 'later'],
  reset: ['never', 'now', 'later'],
  'portal-page': ['never', 'now', 'later'],
  'portal-redirect': ['never', 'now', 'later'],
  'proxy-forbidden': ['never', 'now', 'later'],
  'proxy-not-found': ['never', 'now', 'later'],
  'proxy-throttled': ['never', 'now', 'later'],
  'proxy-bad-gateway': ['never', 'now', 'later'],
  'other-id': ['never', 'now', 'later'],
  accepted: ['never', 'now', 'later'],
  entity: ['now', 'never', 'clamped'],
  'no-content': ['now', 'never', 'soon', 'clamped'],
  malformed: ['now', 'never', 'soon', 'clamped'],
} as const satisfies Record<string, readonly Effect[]>;

/** How a server responds to a write. */
export type AnswerKind = keyof typeof effectsOf;

/** The scripted response to a write, its effect, and after how many requests a late effect occurs. */
export interface Answer {
  readonly kind: AnswerKind;
  readonly effect: Effect;
  readonly delay: number;
}

/** The scripted response to a read: the state, an error of Graph, or the page of a proxy. */
export type ReadAnswer = 'state' | 'server-error' | 'proxy-not-found';

/** What another writer does before the request with a number. */
export interface Interference {
  readonly at: number;
  readonly action: 'none' | 'overwrite' | 'delete';
}

/** The script of one write. The last response of each list is repeated. */
export interface Script {
  readonly action: 'update' | 'create' | 'delete';
  readonly approval: 'none' | 'justification' | 'code';
  readonly answers: readonly Answer[];
  readonly reads: readonly ReadAnswer[];
  readonly interference: Interference;
}

const kinds = Object.keys(effectsOf) as readonly AnswerKind[];

/** The response after the end of a script. */
export const lastResort: Answer = { kind: 'rejected', effect: 'never', delay: 1 };

/** Whether a request with such a response can still be applied after it. */
export const mayApplyLater = (kind: AnswerKind): boolean => effectsOf[kind].some((effect) => effect === 'later');

/** Generates scripts. */
export const anyScript: fc.Arbitrary<Script> = fc.record({
  action: fc.constantFrom('update', 'update', 'create', 'delete'),
  approval: fc.constantFrom('none', 'none', 'justification', 'code'),
  answers: fc.array(
    fc.constantFrom(...kinds).chain((kind) =>
      fc.record({
        kind: fc.constant(kind),
        effect: fc.constantFrom<Effect>(...effectsOf[kind]),
        delay: fc.integer({ min: 1, max: 5 }),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
  reads: fc.array(fc.constantFrom<ReadAnswer>('state', 'state', 'state', 'server-error', 'proxy-not-found'), {
    minLength: 1,
    maxLength: 4,
  }),
  interference: fc.record({
    at: fc.integer({ min: 1, max: 6 }),
    action: fc.constantFrom('none', 'none', 'none', 'overwrite', 'delete'),
  }),
});
