import { IP_FAMILIES } from '../model/family.ts';
import type { Logger } from './logger.ts';

/** Logs the families whose kernel has no security table: there, other programs' rules can come before ours. */
export const tellHomes = (homes: Readonly<Record<string, string | undefined>>, log: Logger): void => {
  const families = IP_FAMILIES.filter((family) => homes[family] === 'filter');
  if (families.length === 0) return;
  log.warn(
    'the kernel has no security table (iptable_security): policy is judged in the filter table, where rules of others may come first',
    { families },
  );
};
