import path from 'node:path';
import { inNetns } from '../../src/lab/batch.ts';
import { startProcess } from '../../src/lab/process.ts';
import type { PodSpec } from '../../src/lab/pod.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { CAST } from '../stage/cast.ts';
import { OWN_NODE } from '../state/cluster.ts';
import type { Stage } from '../stage/stage.ts';

/** The place of a tenant's traffic. */
export type Grounds = Pick<Stage, 'lab' | 'node'>;

/** Continuous traffic of a tenant. */
export interface Traffic {
  /** Ends it. @returns a remark for the report */
  end(): Promise<string>;
}

/** Share of the kernel's connection table. A full table makes everybody's new connections fail, whoever filled it. */
const SHARE = 0.75;
const NEARLY_FULL = 0.9;
/** Sent again up to this share, so that cut connections come back. */
const FILLED = 0.9;
/** Timeout of the entries for the bench; below, the stage's usual one (stage.ts). */
const STAY_SECONDS = 600;
const STAGE_SECONDS = 5;
const FILL_MS = 60_000;

/** Fills a share of the node's connection table with connections of one pod, and keeps it filled. */
export const flood =
  (netns: string, ip: string) =>
  async ({ lab, node }: Grounds): Promise<Traffic> => {
    const read = async (file: string): Promise<number> =>
      Number(await node.run('cat', [`/proc/sys/net/netfilter/${file}`]));
    const setTimeout = (seconds: number): Promise<string> =>
      node.run('sysctl', ['-q', '-w', `net.netfilter.nf_conntrack_udp_timeout=${seconds}`]);
    const most = await read('nf_conntrack_max');
    const count = Math.floor(most * SHARE);
    const pod: PodSpec = { name: netns, node: OWN_NODE, ips: [ip] };
    await lab.addPods([pod]);
    await setTimeout(STAY_SECONDS);
    const script = path.join(import.meta.dirname, 'flood-inside.ts');
    const { netns: source, ip: from } = CAST.client;
    const [file, ...args] = [...inNetns(source), process.execPath, script, from, ip, String(count)] as const;
    const child = await startProcess(file, args);
    let largest = 0;
    const look = async (): Promise<number> => {
      const now = await read('nf_conntrack_count');
      largest = Math.max(largest, now);
      return now;
    };
    await waitFor(
      'the table of connections to fill',
      FILL_MS,
      async () => (await look()) > FILLED * count || undefined,
    );
    return {
      async end() {
        await look();
        await child.stop();
        await setTimeout(STAGE_SECONDS);
        await node.run('conntrack', ['-D', '-d', ip]).catch(() => undefined);
        const full = largest > NEARLY_FULL * most ? '; nearly full, so that new connections of others failed too' : '';
        return `up to ${largest} of the ${most} connections that the kernel keeps (nf_conntrack_max)${full}`;
      },
    };
  };
