/** The parts that can fail by themselves. Each is a label of a metric, so the list is short and fixed. */
export const PART_NAMES = [
  'ipv4',
  'ipv6',
  'ipv4 sources',
  'ipv6 sources',
  'live connections',
  'bridges',
  'networks',
] as const;

export type PartName = (typeof PART_NAMES)[number];
