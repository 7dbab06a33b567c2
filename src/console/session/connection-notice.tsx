import { MessageBar, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { useSyncExternalStore } from 'react';

function subscribeToConnection(notify: () => void) {
  window.addEventListener('online', notify);
  window.addEventListener('offline', notify);
  return () => {
    window.removeEventListener('online', notify);
    window.removeEventListener('offline', notify);
  };
}

/** Reports that the browser is offline or that the service is unreachable. */
export function ConnectionNotice({ unreachable }: { readonly unreachable: boolean }) {
  const online = useSyncExternalStore(subscribeToConnection, () => navigator.onLine);
  if (online && !unreachable) return null;
  return (
    <MessageBar intent="warning" politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>{online ? 'The service is unreachable.' : 'You are offline.'}</MessageBarTitle>
        The page shows data from before the connection was lost, and reconnects automatically. Until then, you cannot
        save changes.
      </MessageBarBody>
    </MessageBar>
  );
}
