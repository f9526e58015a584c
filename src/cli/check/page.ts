import type { PlacedFinding } from './placed-finding.ts';

/** The page that explains every finding, with a heading for each code. */
const PAGE = 'docs/check.md';

/** Where a code is explained. */
export const pageOf = (code: PlacedFinding['code']): string => `${PAGE}#${code}`;
