import { afterEach, beforeEach } from '@jest/globals';
import type { Backend } from '../../src/kernel/iptables.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

/** Gives each test of the block a packet filter of its own. @returns the one of the running test */
export const usePacketFilter = (backend: Backend): (() => PacketFilter) => {
  let filter: PacketFilter;

  beforeEach(async () => {
    filter = await openPacketFilter(backend);
  });

  afterEach(async () => {
    await filter.close();
  });

  return () => filter;
};
