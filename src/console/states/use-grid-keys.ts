import { type KeyboardEvent, type RefObject, useLayoutEffect, useRef } from 'react';

interface GridKeysOptions {
  readonly grid: RefObject<HTMLElement | null>;
  readonly rowCount: number;
  /** The number of rows that are visible at once. */
  readonly pageSize: () => number;
  /** Renders a row, wherever it is. */
  readonly onRender: (index: number) => void;
}

/** The elements of a row that can have the focus, in the order of its cells. */
const focusableIn = (row: Element | null | undefined) => [
  ...(row?.querySelectorAll<HTMLElement>('button, input') ?? []),
];

/**
 * Moves the focus by a page, and to the first and the last row, whether they are rendered or not. The keys are those of
 * the grid pattern (https://www.w3.org/WAI/ARIA/apg/patterns/grid/). The arrow keys are handled elsewhere.
 *
 * @returns the handler of the grid's keys
 */
export function useGridKeys({ grid, rowCount, pageSize, onRender }: GridKeysOptions) {
  /** The row to focus as soon as it is rendered, and the position of the element in it. */
  const pending = useRef<{ readonly index: number; readonly position: number }>(undefined);
  useLayoutEffect(() => {
    if (pending.current === undefined) return;
    const { index, position } = pending.current;
    const elements = focusableIn(grid.current?.querySelector(`[aria-rowindex="${index + 2}"]`));
    const element = elements[Math.min(position, elements.length - 1)];
    if (element === undefined) return;
    pending.current = undefined;
    element.focus();
  });

  return (event: KeyboardEvent<HTMLElement>) => {
    const { target: element, altKey, shiftKey } = event;
    if (!(element instanceof HTMLElement) || altKey || shiftKey) return;
    const row = element.closest('[aria-rowindex]');
    if (row === null) return;
    // The header has row index 1.
    const index = Number(row.getAttribute('aria-rowindex')) - 2;
    const target = targetOf(event.key, event.ctrlKey || event.metaKey, index, pageSize());
    if (target === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(target, rowCount - 1));
    if (next === index) return;
    const position = focusableIn(row).indexOf(element);
    pending.current = { index: next, position: index === -1 ? 0 : Math.max(position, 0) };
    onRender(next);
  };
}

function targetOf(key: string, withControl: boolean, index: number, pageSize: number): number | undefined {
  if (withControl) return key === 'Home' ? 0 : key === 'End' ? Number.POSITIVE_INFINITY : undefined;
  return key === 'PageDown' ? index + pageSize : key === 'PageUp' ? index - pageSize : undefined;
}
