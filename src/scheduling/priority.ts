/** Whose calls are taken in turn with those of others. */
export type FairnessKey = string | symbol;

/** `interactive`: somebody waits for the answer. `bulk`: part of a long piece of work, which gives way. */
export type Priority = 'interactive' | 'bulk';

/** With whom, and how urgently, one call waits for the quota. */
export interface RequestPriority {
  readonly caller: FairnessKey;
  readonly lane: Priority;
  /** Goes over to the interactive lane, because somebody waits for it now. */
  hurry(): void;
  /** Called once, when it has gone over; `undefined` to be told no more. */
  whenHurried: (() => void) | undefined;
}

/** Makes the turn of one call. */
export function createTurn(caller: FairnessKey, lane: Priority): RequestPriority {
  const turn = {
    caller,
    lane,
    whenHurried: undefined as (() => void) | undefined,
    hurry() {
      if (turn.lane === 'interactive') return;
      turn.lane = 'interactive';
      turn.whenHurried?.();
    },
  };
  return turn;
}
