import { deviceRunStateRouter } from './device-run-state.js';
import { scriptRouter } from './script.js';
import { scriptUserStateRouter } from './script-user-state.js';
import { sessionRouter } from './session.js';
import { router } from './trpc.js';

/** Every procedure there is. */
export const appRouter = router({
  deviceRunState: deviceRunStateRouter,
  script: scriptRouter,
  scriptUserState: scriptUserStateRouter,
  session: sessionRouter,
});
