import { Button, type ButtonProps, Text } from '@fluentui/react-components';
import { useState } from 'react';
import { signOut } from './sign-in-and-out.js';

/** Signs out, or says that it did not work: nobody is to leave in the belief that it did. */
export function SignOutButton(props: Pick<ButtonProps, 'size' | 'appearance'>) {
  const [failed, setFailed] = useState(false);
  return (
    <>
      {failed && <Text role="alert">Signing out did not work. Please try again.</Text>}
      <Button {...props} onClick={() => void signOut().catch(() => setFailed(true))}>
        Sign out
      </Button>
    </>
  );
}
