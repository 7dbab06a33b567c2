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
import { SignInAgain } from './session/sign-in-again.js';

const useStyles = makeStyles({
  id: { display: 'block', marginTop: tokens.spacingVerticalXS, fontFamily: tokens.fontFamilyMonospace },
  detail: { display: 'block', marginTop: tokens.spacingVerticalXS },
  bar: { flexShrink: 0, minWidth: 0 },
  words: { minWidth: 0, overflowWrap: 'anywhere' },
});

/** Says what went wrong, what to do next, and the id that the service's operators ask for. */
export function FailureNotice({ failure, children }: { readonly failure: Failure; readonly children?: ReactNode }) {
  const styles = useStyles();
  const { reason, title, next, detail, requestId, approvalCode } = failure;
  const intent = approvalCode === undefined ? 'error' : 'warning';
  return (
    <MessageBar intent={intent} layout="multiline" className={styles.bar}>
      <MessageBarBody className={styles.words}>
        <MessageBarTitle>{title}</MessageBarTitle>
        {next} {reason === 'SIGN_IN_REQUIRED' && <SignInAgain />}
        {detail !== undefined && <span className={styles.detail}>{detail}</span>}
        {approvalCode !== undefined && <Copyable what="approval code" text={approvalCode} />}
        {requestId !== undefined && <Copyable what="request id" text={requestId} />}
      </MessageBarBody>
      {children !== undefined && <MessageBarActions>{children}</MessageBarActions>}
    </MessageBar>
  );
}

/** Something to be told to somebody else, letter by letter. */
function Copyable({ what, text }: { readonly what: string; readonly text: string }) {
  const styles = useStyles();
  return (
    <span className={styles.id}>
      {`${what[0]?.toUpperCase()}${what.slice(1)}: ${text}`}{' '}
      <Button
        size="small"
        appearance="transparent"
        icon={<CopyRegular />}
        aria-label={`Copy the ${what}`}
        onClick={() => void navigator.clipboard.writeText(text)}
        // Browsers have no clipboard for pages that came by plain http from elsewhere.
        disabled={!('clipboard' in navigator)}
      />
    </span>
  );
}
