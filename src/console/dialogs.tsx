import { createContext, lazy, type ReactNode, Suspense, use, useEffect, useState } from 'react';
import { BackAsEscape } from './back-as-escape.js';
import { DefectBoundary } from './error-boundary.js';
import type { ScriptRef, ScriptUserState } from './queries.js';

const EditDialog = lazy(async () => ({ default: (await import('./edit/edit-dialog.js')).EditDialog }));
const BulkDialog = lazy(async () => ({ default: (await import('./bulk/bulk-dialog.js')).BulkDialog }));
const SavedToasts = lazy(async () => ({ default: (await import('./saved-toasts.js')).SavedToasts }));

/** The dialog that is open, and the data that was on the page when it was opened. */
export type OpenDialog =
  | { readonly kind: 'edit'; readonly script: ScriptRef; readonly state: ScriptUserState }
  | {
      readonly kind: 'bulk';
      readonly script: ScriptRef;
      readonly selected: readonly ScriptUserState[];
      readonly known: readonly ScriptUserState[];
    };

const Context = createContext<(dialog: OpenDialog) => void>(() => undefined);

/** Opens a dialog. */
export const useOpenDialog = () => use(Context);

/**
 * The dialogs that change states, for the pages inside. They stay mounted when the page changes, so that navigation
 * never aborts an update.
 */
export function Dialogs({ children }: { readonly children: ReactNode }) {
  const [open, setOpen] = useState<OpenDialog>();
  const [saved, setSaved] = useState<ScriptUserState>();
  const onClose = () => setOpen(undefined);
  const onSaved = (state: ScriptUserState) => {
    onClose();
    setSaved(state);
  };
  return (
    <Context value={setOpen}>
      {children}
      {open !== undefined && <BackAsEscape />}
      <DefectBoundary resetKeys={[open]}>
        <Suspense fallback={<OpeningDialog onCancel={onClose} />}>
          {open?.kind === 'edit' && <EditDialog {...open} onClose={onClose} onSaved={onSaved} />}
          {open?.kind === 'bulk' && <BulkDialog {...open} onClose={onClose} />}
        </Suspense>
      </DefectBoundary>
      <DefectBoundary>
        <Suspense>{(open?.kind === 'edit' || saved !== undefined) && <SavedToasts saved={saved} />}</Suspense>
      </DefectBoundary>
    </Context>
  );
}

/** Replaces a dialog while its code is loading, so that the Escape key cancels it. */
function OpeningDialog({ onCancel }: { readonly onCancel: () => void }) {
  useEffect(() => {
    const cancel = ({ key }: KeyboardEvent) => key === 'Escape' && onCancel();
    document.addEventListener('keydown', cancel);
    return () => document.removeEventListener('keydown', cancel);
  }, [onCancel]);
  return null;
}
