import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadManifests } from '../../src/cluster/manifest/load-manifests.ts';
import type { ManifestProblem } from '../../src/cluster/manifest/place.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import { type PacketRow, readPackets } from './packet-table.ts';

const ROOT = import.meta.dirname;

/** The node whose restore text a case has. */
export const SHOWN_NODE = 'n1';

/**
 * A folder of test/golden: `policies.yaml`, the cluster it applies to (its own `cluster.yaml` or else the common one), the
 * verdicts of `packets.txt`, and the text that node n1 loads from nothing, one file for each tool.
 */
export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  readonly snapshot: ClusterSnapshot;
  readonly problems: readonly ManifestProblem[];
  readonly packets: readonly PacketRow[];
}

export const goldenNames: readonly string[] = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

export const loadGolden = async (name: string): Promise<GoldenCase> => {
  const folder = path.join(ROOT, name);
  const own = path.join(folder, 'cluster.yaml');
  const cluster = existsSync(own) ? own : path.join(ROOT, 'cluster.yaml');
  const { snapshot, problems } = await loadManifests([cluster, path.join(folder, 'policies.yaml')]);
  const packets = readPackets(readFileSync(path.join(folder, 'packets.txt'), 'utf8'));
  return { name, folder, snapshot, problems, packets };
};

/** Returns the rule set of the node for the case. */
export const programOf = (snapshot: ClusterSnapshot, node = SHOWN_NODE): NodeProgram =>
  compileProgram(compileNodePolicy(snapshot, node));
