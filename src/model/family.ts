/** An IP family: a value of a Pod's or Service's `ipFamilies` in lower case. */
export type IpFamily = 'ipv4' | 'ipv6';

export const IP_FAMILIES: readonly IpFamily[] = ['ipv4', 'ipv6'];
