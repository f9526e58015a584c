import { fileURLToPath } from 'node:url';
import { builtGo } from '../build-go.ts';

/** Path of the prober's program (test/support/prober), built if these very sources never were before. Needs Go then. */
export const builtProber = (): Promise<string> =>
  builtGo(fileURLToPath(new URL('../prober', import.meta.url)), 'prober');
