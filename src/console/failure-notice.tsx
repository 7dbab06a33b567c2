import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { CopyRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import type { Failure } from './failure.js';
import { Isolated } from './isolated.js';
import { SignInLink } from './sign-in-link.js';

const useStyles = makeStyles({
  id: { display: 'block', marginTop: tokens.spacingVerticalXS, fontFamily: tokens.fontFamilyMonospace },
  detail: { display: 'block', marginTop: tokens.spacingVerticalXS },
  bar: { flexShrink: 0, minWidth: 0 },
  text: { minWidth: 0, overflowWrap: 'anywhere' },
});

/** Shows what went wrong, what to do next, and the request ID for the service's operators. */
export function FailureNotice({ failure, children }: { readonly failure: Failure; readonly children?: ReactNode }) {
  const styles = useStyles();
  const { reason, title, next, detail, requestId, approvalCode, isRetried } = failure;
  const intent = approvalCode === undefined && !isRetried ? 'error' : 'warning';
  return (
    <MessageBar intent={intent} layout="multiline" className={styles.bar}>
      <MessageBarBody className={styles.text}>
        <MessageBarTitle>{title}</MessageBarTitle>
        {next} {reason === 'SIGN_IN_REQUIRED' && <SignInLink />}
        {detail !== undefined && (
          <span className={styles.detail}>
            <Isolated>{detail}</Isolated>
          </span>
        )}
        {approvalCode !== undefined && <Copyable label="Approval code" text={approvalCode} />}
        {requestId !== undefined && <Copyable label="Request ID" text={requestId} />}
      </MessageBarBody>
      {children !== undefined && <MessageBarActions>{children}</MessageBarActions>}
    </MessageBar>
  );
}

/**
 * Shows why data could not be loaded, with a button that requests it again, unless the console does so by itself. Empty
 * without a failure.
 */
export function RetryNotice({
  failure,
  onRetry,
}: {
  readonly failure: Failure | undefined;
  readonly onRetry: () => void;
}) {
  if (failure === undefined) return null;
  if (failure.isRetried) return <FailureNotice failure={{ ...failure, next: 'Loading continues automatically.' }} />;
  return (
    <FailureNotice failure={failure}>
      <Button onClick={onRetry}>Try again</Button>
    </FailureNotice>
  );
}

/** A code for the user to copy and pass on. */
function Copyable({ label, text }: { readonly label: string; readonly text: string }) {
  const styles = useStyles();
  return (
    <span className={styles.id}>
      {label}: <Isolated>{text}</Isolated>{' '}
      <Button
        size="small"
        appearance="transparent"
        icon={<CopyRegular />}
        aria-label={`Copy ${label}`}
        onClick={() => void navigator.clipboard.writeText(text)}
        // The Clipboard API exists only in secure contexts: HTTPS or localhost.
        disabled={!('clipboard' in navigator)}
      />
    </span>
  );
}
