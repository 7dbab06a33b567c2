import { z } from 'zod';
import { maxUpdates, patch, updateRow } from '../api/inputs/user-state.js';

// The page's policy allows no code made from strings, which zod would try when it first checks something.
z.config({ jitless: true });

export { maxUpdates, patch, updateRow };
