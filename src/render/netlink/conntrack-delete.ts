import type { TrackedConnection } from '../../model/connection.ts';
import { ADDRESS_FAMILY, tupleAttribute, zoneAttributes } from './conntrack-tuple.ts';
import { attribute, bigEndian, type NetlinkRequest } from './message.ts';

/** NFNL_SUBSYS_CTNETLINK and IPCTNL_MSG_CT_DELETE (linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h). */
const DELETE = (1 << 8) | 2;

/** linux/netfilter/nfnetlink_conntrack.h: enum ctattr_type. */
const TUPLE_ORIG = 1;
const ID = 12;
const ZONE = 18;

/**
 * Returns the request that deletes exactly this entry of the connection tracking table. The kernel finds it by tuple and
 * zone and compares its identity, so that an entry which has replaced it stays.
 */
export const conntrackDelete = ({ family, protocol, original, zone, id }: TrackedConnection): NetlinkRequest => ({
  type: DELETE,
  answer: 'ack',
  family: ADDRESS_FAMILY[family],
  attributes: [
    tupleAttribute(TUPLE_ORIG, protocol, family, original),
    ...zoneAttributes(ZONE, zone),
    attribute(ID, bigEndian(id, 4)),
  ],
});
