import { Link } from '@fluentui/react-components';
import { signInAddress } from './sign-in-and-out.js';

/** Signs in on a page of its own, so that nothing of this one is lost; it notices when it is looked at again. */
export function SignInAgain() {
  return (
    <Link inline href={signInAddress()} target="_blank" rel="noopener">
      Sign in again
    </Link>
  );
}
