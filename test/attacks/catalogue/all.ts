import type { Attack } from '../run/attack.ts';
import { ADDRESSES } from './addresses.ts';
import { ARP } from './arp.ts';
import { FRAMES, HARDWARE } from './hardware.ts';
import { MULTICAST } from './multicast.ts';
import { NEIGHBOURS } from './neighbours.ts';
import { PLAIN } from './plain.ts';
import { CONTROL_MESSAGES, PROTOCOLS } from './protocols.ts';
import { CONNECTIONS } from './connections.ts';
import { WINDOWS } from './windows.ts';
import { NEW_PORTS } from './new-ports.ts';
import { FOREIGN } from './foreign.ts';
import { LIFETIME } from './lifetime.ts';
import { SERVICE_ATTACKS } from './services.ts';
import { RELATED } from './related.ts';
import { RIDING } from './riding.ts';
import { SOURCES } from './sources.ts';
import { TUNNELS } from './tunnels.ts';
import { HEADERS } from './headers.ts';
import { HELPERS } from './helpers.ts';
import { FRAGMENTS } from './fragments.ts';

/** All ways around the rules that the suite tries, by group. */
export const ATTACKS: readonly Attack[] = [
  ...PLAIN,
  ...ADDRESSES,
  ...MULTICAST,
  ...ARP,
  ...NEIGHBOURS,
  ...FRAMES,
  ...HARDWARE,
  ...NEW_PORTS,
  ...FRAGMENTS,
  ...HEADERS,
  ...PROTOCOLS,
  ...CONTROL_MESSAGES,
  ...RELATED,
  ...RIDING,
  ...CONNECTIONS,
  ...HELPERS,
  ...SOURCES,
  ...TUNNELS,
  ...SERVICE_ATTACKS,
  ...LIFETIME,
  ...FOREIGN,
  ...WINDOWS,
];
