const binary = (value: number, width: number): string => value.toString(2).padStart(width, '0');

/** Returns IPv6 text with its `::` written out: eight groups of hexadecimal digits. */
const groupsOf = (address: string): readonly string[] => {
  const [left = '', right] = address.split('::');
  const before = left === '' ? [] : left.split(':');
  if (right === undefined) return before;
  const after = right === '' ? [] : right.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after];
};

/** Returns an address as a string of 32 or 128 characters 0 and 1. */
export const bitsOf = (address: string): string =>
  address.includes(':')
    ? groupsOf(address)
        .map((group) => binary(Number.parseInt(group, 16), 16))
        .join('')
    : address
        .split('.')
        .map((part) => binary(Number(part), 8))
        .join('');

/** Reports whether an address is in a block: same family, and the same bits up to the prefix. */
export const liesIn = (address: string, cidr: string): boolean => {
  const [base = '', prefix = ''] = cidr.split('/');
  const bits = bitsOf(address);
  const fixed = bitsOf(base);
  return bits.length === fixed.length && bits.startsWith(fixed.slice(0, Number(prefix)));
};
