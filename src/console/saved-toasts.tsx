import { Toast, Toaster, ToastTitle, useId, useToastController } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { displayName } from './display-name.js';
import { Isolated } from './isolated.js';
import type { ScriptUserState } from './queries.js';

/** Shows a toast for each saved state. Mounted before the first one, so that screen readers announce it. */
export function SavedToasts({ saved }: { readonly saved: ScriptUserState | undefined }) {
  const toasterId = useId('saved');
  const { dispatchToast } = useToastController(toasterId);
  const [region, setRegion] = useState<HTMLElement | null>(null);
  useEffect(() => {
    if (region === null || saved === undefined) return;
    const toast = (
      <Toast>
        <ToastTitle>
          Saved: <Isolated>{displayName(saved)}</Isolated>
        </ToastTitle>
      </Toast>
    );
    dispatchToast(toast, { intent: 'success' });
  }, [region, saved, dispatchToast]);
  return (
    <>
      <section ref={setRegion} aria-label="Saved changes" />
      <Toaster toasterId={toasterId} mountNode={region} position="bottom-end" />
    </>
  );
}
