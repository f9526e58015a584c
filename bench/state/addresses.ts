/** IPv4 arithmetic for addresses that only have to differ. */
const ipv4 = (base: number, index: number): string => {
  const value = base + index;
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
};

/** The range of the node's own pods. */
export const LOCAL_RANGE = '10.244.0.0/22';

const LOCAL_BASE = 0x0a_f4_00_0a;
const REMOTE_BASE = 0x0a_80_00_0a;
const REMOTE_NODE_BASE = 0xac_13_00_0a;

/** Number of pods on each other node. */
const PODS_PER_NODE = 50;

export const localAddress = (index: number): string => ipv4(LOCAL_BASE, index);

/** Returns addresses of pods on other nodes, from 10.128.0.10 on. */
export const remoteAddress = (index: number): string => ipv4(REMOTE_BASE, index);

export const remoteNode = (index: number): string => `node-${Math.floor(index / PODS_PER_NODE)}`;

export const remoteNodeAddress = (index: number): string => ipv4(REMOTE_NODE_BASE, Math.floor(index / PODS_PER_NODE));
