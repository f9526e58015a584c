import type { Condition } from '../condition.ts';
import { ENGINES } from './engines.ts';
import { LACKING } from './lacking.ts';
import { LOAD } from './load.ts';
import { STRANGERS } from './strangers.ts';
import { TOOLS } from './tools.ts';
import { TRACKING } from './tracking.ts';

/** Every condition of the bench. */
export const CONDITIONS: readonly Condition[] = [...TOOLS, ...STRANGERS, ...ENGINES, ...TRACKING, ...LACKING, ...LOAD];
