import { Button, type ButtonProps, Text } from '@fluentui/react-components';
import { useState } from 'react';
import { signOut } from './sign-out.js';

/** Signs out. A failure is reported, because the user would otherwise believe that the session has ended. */
export function SignOutButton(props: Pick<ButtonProps, 'size' | 'appearance'>) {
  const [failed, setFailed] = useState(false);
  return (
    <>
      {failed && <Text role="alert">Sign-out failed. Try again.</Text>}
      <Button {...props} onClick={() => void signOut().catch(() => setFailed(true))}>
        Sign out
      </Button>
    </>
  );
}
