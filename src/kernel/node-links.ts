import type { NodeLinks, Tunnel } from '../model/node-links.ts';
import { parseLinks, parseTunnelPeers } from '../render/parse-links.ts';
import type { CommandRunner } from './command.ts';

/**
 * Reads the interfaces of the current network namespace, and the ends of their tunnels.
 * @throws CommandError if ip(8) or bridge(8) cannot be run
 */
export const readNodeLinks = async (runner: CommandRunner): Promise<NodeLinks> => {
  const links = parseLinks(await runner.run('ip', ['-d', '-j', 'address', 'show']));
  const withPeers = async (tunnel: Tunnel): Promise<Tunnel> => {
    // Only these have a complete table of their peers.
    if (tunnel.openBecause !== undefined) return tunnel;
    const peers = parseTunnelPeers(await runner.run('bridge', ['-j', 'fdb', 'show', 'dev', tunnel.device]));
    return { ...tunnel, peers: [...tunnel.peers, ...peers] };
  };
  return { ...links, tunnels: await Promise.all(links.tunnels.map(withPeers)) };
};
