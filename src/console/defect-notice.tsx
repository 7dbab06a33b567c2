import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';

/** Stands where a part of the page broke, or could not be fetched any more because a newer one has been installed. */
export function DefectNotice() {
  return (
    <MessageBar intent="error" layout="multiline" politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>This part of the page does not work</MessageBarTitle>
        There may be a newer version of it: load the page again. Look at what you changed last before you send it again.
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={() => window.location.reload()}>Load again</Button>
      </MessageBarActions>
    </MessageBar>
  );
}
