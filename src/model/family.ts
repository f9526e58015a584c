/** An IP family, spelled as in a Pod's or Service's `ipFamilies` but lower case. */
export type IpFamily = 'ipv4' | 'ipv6';

export const IP_FAMILIES: readonly IpFamily[] = ['ipv4', 'ipv6'];
