import { useBlocker } from '@tanstack/react-router';

/**
 * Prevents Back and Forward from changing the page under a dialog. While mounted, they act as the Escape key does:
 * the innermost dialog closes, asks first, or stays open.
 */
export function BackAsEscape(): null {
  useBlocker({
    shouldBlockFn: ({ action }) => {
      if (action === 'PUSH' || action === 'REPLACE') return false;
      const dialogs = document.querySelectorAll('[role=dialog], [role=alertdialog]');
      const press = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true });
      [...dialogs].at(-1)?.dispatchEvent(press);
      return true;
    },
    enableBeforeUnload: false,
  });
  return null;
}
