import type { IpFamily } from '../model/family.ts';
import { covers, parseAddress } from '../policy/cidr.ts';
import { isRefusal, type Route } from './parse-routes.ts';

/** Returns the devices to the addresses of a family: for each the one with the longest prefix. */
export const devicesTo = (
  addresses: Iterable<string>,
  family: IpFamily,
  routes: readonly Route[],
): ReadonlySet<string> => {
  const longestFirst = routes.filter((route) => !isRefusal(route)).toSorted((a, b) => b.block.prefix - a.block.prefix);
  const devices = [...addresses].flatMap((text) => {
    const address = parseAddress(text);
    if (address?.family !== family) return [];
    return longestFirst.find(({ block }) => covers(block, address))?.device ?? [];
  });
  return new Set(devices);
};
