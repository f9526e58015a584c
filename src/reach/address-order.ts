import type { AddressRange } from '../trace/outside.ts';

/** Numbered addresses of one family in order, so that those in a range are found by two searches. */
export interface AddressOrder {
  /** The numbers of the addresses that lie in the ranges. */
  within(ranges: readonly AddressRange[]): readonly number[];
}

/** @param addresses those of one family; each has its place in the list as its number */
export const createAddressOrder = (
  addresses: readonly { readonly at: bigint; readonly number: number }[],
): AddressOrder => {
  const sorted = addresses.toSorted((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  /** How many addresses come before the given one. */
  const countBefore = (address: bigint): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.at ?? 0n) < address) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    within: (ranges) =>
      ranges.flatMap(({ from, to }) =>
        sorted.slice(countBefore(from), countBefore(to + 1n)).map(({ number }) => number),
      ),
  };
};
