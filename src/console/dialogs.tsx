import { lazy, Suspense, useState } from 'react';
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

interface DialogsProps {
  readonly open: OpenDialog | undefined;
  readonly onClose: () => void;
}

/**
 * The dialogs that change states. They stay mounted when the URL changes, so that navigation never aborts an update.
 */
export function Dialogs({ open, onClose }: DialogsProps) {
  const [saved, setSaved] = useState<ScriptUserState>();
  const onSaved = (state: ScriptUserState) => {
    onClose();
    setSaved(state);
  };
  return (
    <>
      <DefectBoundary resetKeys={[open]}>
        <Suspense>
          {open?.kind === 'edit' && <EditDialog {...open} onClose={onClose} onSaved={onSaved} />}
          {open?.kind === 'bulk' && <BulkDialog {...open} onClose={onClose} />}
        </Suspense>
      </DefectBoundary>
      <DefectBoundary>
        <Suspense>{(open?.kind === 'edit' || saved !== undefined) && <SavedToasts saved={saved} />}</Suspense>
      </DefectBoundary>
    </>
  );
}
