import { MessageBar, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { useSyncExternalStore } from 'react';

function onConnection(notify: () => void) {
  window.addEventListener('online', notify);
  window.addEventListener('offline', notify);
  return () => {
    window.removeEventListener('online', notify);
    window.removeEventListener('offline', notify);
  };
}

/** Says that nothing can be fetched or sent at the moment, and why. */
export function ConnectionNotice({ unreachable }: { readonly unreachable: boolean }) {
  const online = useSyncExternalStore(onConnection, () => navigator.onLine);
  if (online && !unreachable) return null;
  return (
    <MessageBar intent="warning" politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>{online ? 'The service can not be reached.' : 'You are offline.'}</MessageBarTitle>
        What you see is as it was; nothing can be changed now. It is tried again by itself.
      </MessageBarBody>
    </MessageBar>
  );
}
