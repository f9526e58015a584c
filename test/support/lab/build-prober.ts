import { fileURLToPath } from 'node:url';
import { builtGo } from '../build-go.ts';

/**
 * Returns the path of the prober's program (test/support/prober); builds it first, with Go, unless these sources were
 * built before.
 */
export const builtProber = (): Promise<string> =>
  builtGo(fileURLToPath(new URL('../prober', import.meta.url)), 'prober');
