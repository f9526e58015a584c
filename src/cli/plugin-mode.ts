import type { CliIo } from './verb.ts';

/** Set by bin/portcullis where kubectl started it as a plugin. */
const VARIABLE = 'PORTCULLIS_KUBECTL_PLUGIN';

/** Reports whether kubectl started this process as its plugin. */
export const isPlugin = ({ env }: Pick<CliIo, 'env'>): boolean => env[VARIABLE] === '1';
