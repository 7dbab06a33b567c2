import { Toast, Toaster, ToastTitle, useId, useToastController } from '@fluentui/react-components';
import { lazy, Suspense, useState } from 'react';
import { ErrorBoundary } from 'react-error-boundary';
import { DefectNotice } from '../defect-notice.js';
import type { Script, UserState } from '../queries.js';
import { nameOf } from '../states/shown-states.js';

// What is not needed to show the table comes when it is wanted.
const EditDialog = lazy(async () => ({ default: (await import('../edit/edit-dialog.js')).EditDialog }));
const BulkDialog = lazy(async () => ({ default: (await import('../bulk/bulk-dialog.js')).BulkDialog }));

/** A dialog that is open, with the script that was shown when it was opened. */
export type OpenDialog =
  | { readonly what: 'edit'; readonly script: Script; readonly state: UserState }
  | {
      readonly what: 'bulk';
      readonly script: Script;
      readonly selected: readonly UserState[];
      readonly known: readonly UserState[];
    };

interface DialogsProps {
  readonly open: OpenDialog | undefined;
  readonly onClose: () => void;
}

/** The dialogs that change something. They stay wherever the page's address leads: work under way is never cut off. */
export function Dialogs({ open, onClose }: DialogsProps) {
  const toasterId = useId('saved');
  const { dispatchToast } = useToastController(toasterId);
  const [notices, setNotices] = useState<HTMLElement | null>(null);
  const saved = (state: UserState) => {
    onClose();
    const toast = (
      <Toast>
        <ToastTitle>Saved: {nameOf(state)}</ToastTitle>
      </Toast>
    );
    dispatchToast(toast, { intent: 'success' });
  };
  return (
    <>
      <ErrorBoundary FallbackComponent={DefectNotice} resetKeys={[open]}>
        <Suspense>
          {open?.what === 'edit' && <EditDialog {...open} onClose={onClose} onSaved={saved} />}
          {open?.what === 'bulk' && <BulkDialog {...open} onClose={onClose} />}
        </Suspense>
      </ErrorBoundary>
      <section ref={setNotices} aria-label="What was saved" />
      <Toaster toasterId={toasterId} mountNode={notices} position="bottom-end" />
    </>
  );
}
