import { describe, expect, test } from '@jest/globals';
import { policyKey } from '../../src/model/policy-object.ts';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';
import { createAgentMetrics } from '../../src/telemetry/metrics.ts';
import type { SourceSample } from '../../src/telemetry/source-metrics.ts';

const create = (
  sources: () => readonly SourceSample[] = () => [],
  waitingSince: () => number | undefined = () => undefined,
) => createAgentMetrics({ version: '1.2.3', limit: DEFAULT_LIMITS.node, sources, waitingSince, waitingPods: () => 3 });

/** Returns the samples of one metric as Prometheus reads them: `{labels} value` lines without the name. */
const samples = (text: string, name: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => line.slice(name.length).trim());

describe('agent metrics', () => {
  test('metrics count syncs by result and reason, and time them', async () => {
    const metrics = create();
    metrics.recordSync({
      result: 'changed',
      reason: 'change',
      durationMs: 20,
      waitedMs: 30,
      endedAt: 1_700_000_000_500,
    });
    metrics.recordSync({
      result: 'failed',
      reason: 'change',
      durationMs: 400,
      waitedMs: undefined,
      endedAt: 1_700_000_009_000,
    });
    const { text } = await metrics.expose();
    const syncs = samples(text, 'portcullis_syncs_total');
    expect(syncs.filter((line) => !line.endsWith(' 0'))).toEqual([
      '{result="changed",reason="change"} 1',
      '{result="failed",reason="change"} 1',
    ]);
    expect(syncs).toContain('{result="failed",reason="start"} 0');
    expect(samples(text, 'portcullis_change_to_enforced_seconds_sum')).toEqual(['0.03']);
    expect(samples(text, 'portcullis_change_to_enforced_seconds_count')).toEqual(['1']);
    expect(samples(text, 'portcullis_sync_duration_seconds_sum')).toEqual([
      '{result="changed"} 0.02',
      '{result="failed"} 0.4',
    ]);
    expect(text).toContain('portcullis_sync_duration_seconds_bucket{le="0.025",result="changed"} 1');
    expect(samples(text, 'portcullis_last_successful_sync_timestamp_seconds')).toEqual(['1700000000.5']);
  });

  test('metrics show when the oldest waiting change was seen, and 0 once it is in force', async () => {
    let since: number | undefined = 1_700_000_001.5;
    const metrics = create(undefined, () => since);
    const name = 'portcullis_oldest_waiting_change_timestamp_seconds';
    expect(samples((await metrics.expose()).text, name)).toEqual(['1700000001.5']);
    since = undefined;
    expect(samples((await metrics.expose()).text, name)).toEqual(['0']);
  });

  test('metrics show the content of the kernel and of the cluster', async () => {
    const metrics = create();
    metrics.setKernelObjects('ipv4', { rules: 12, chains: 3, sets: 2, members: 40 });
    metrics.setKernelObjects('ipv6', { rules: 1, chains: 1, sets: 0, members: 0 });
    metrics.setClusterObjects({ pods: 5, namespaces: 2, policies: 7 });
    metrics.setIsolatedPods('ingress', 4);
    metrics.setClosedPods({ unknown: 2, vanished: 1 });
    metrics.recordDriftRepair(new Set(['jump_missing', 'chain_changed']), 3);
    metrics.recordDriftRepair(new Set(['jump_missing']), 2);
    const { text } = await metrics.expose();
    expect(samples(text, 'portcullis_kernel_rules')).toEqual(['{family="ipv4"} 12', '{family="ipv6"} 1']);
    expect(samples(text, 'portcullis_kernel_set_members')).toEqual(['{family="ipv4"} 40', '{family="ipv6"} 0']);
    expect(samples(text, 'portcullis_cluster_policies')).toEqual(['7']);
    expect(samples(text, 'portcullis_isolated_pods')).toEqual(['{direction="ingress"} 4']);
    expect(samples(text, 'portcullis_closed_pods')).toEqual(['{reason="unknown"} 2', '{reason="vanished"} 1']);
    const repairs = samples(text, 'portcullis_drift_repairs_total');
    expect(repairs.filter((line) => !line.endsWith(' 0'))).toEqual([
      '{kind="jump_missing"} 2',
      '{kind="chain_changed"} 1',
    ]);
    expect(repairs).toContain('{kind="members_added"} 0');
    expect(samples(text, 'portcullis_drift_repaired_lines_total')).toEqual(['5']);
  });

  test('metrics show whether source validation is active, and the count of its rule', async () => {
    const metrics = create();
    expect(samples((await metrics.expose()).text, 'portcullis_source_validation_is_active')).toEqual(['0']);
    metrics.setSourceCheck(true);
    metrics.setSpoofedPackets(
      new Map([
        ['ipv4', 7],
        ['ipv6', 0],
      ]),
    );
    metrics.setSpoofedPackets(
      new Map([
        ['ipv4', 9],
        ['ipv6', 1],
      ]),
    );
    const { text } = await metrics.expose();
    expect(samples(text, 'portcullis_source_validation_is_active')).toEqual(['1']);
    expect(samples(text, 'portcullis_spoofed_packets_total')).toEqual(['{family="ipv4"} 9', '{family="ipv6"} 1']);
  });

  test('metrics drop the faults of a policy that no longer has any', async () => {
    const metrics = create();
    metrics.setPolicyFaults(
      new Map([
        [policyKey('a', 'x'), 2],
        [policyKey('b', 'y'), 1],
      ]),
    );
    metrics.setPolicyFaults(new Map([[policyKey('b', 'y'), 3]]));
    expect(samples((await metrics.expose()).text, 'portcullis_policy_faults')).toEqual([
      '{policy_namespace="b",policy="y"} 3',
    ]);
  });

  test('metrics have a series of its own for up to a hundred policies', async () => {
    const metrics = create();
    const keys = Array.from({ length: 1_000 }, (_, at) => policyKey('a', `p${at}`));
    metrics.setPolicyFaults(new Map(keys.map((key) => [key, 2])));
    const found = samples((await metrics.expose()).text, 'portcullis_policy_faults');
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toBe('{policy_namespace="",policy=""} 1800');
  });

  test('metrics read their sources at each scrape', async () => {
    const none = { errors: {}, isFailing: false };
    let sample: SourceSample = { kind: 'pods', synced: false, restarts: 1, lastHeardSeconds: undefined, ...none };
    const metrics = create(() => [sample]);
    expect(samples((await metrics.expose()).text, 'portcullis_source_last_heard_timestamp_seconds')).toEqual([]);
    const errors = { 403: 3, 418: 1 };
    sample = { kind: 'pods', synced: true, restarts: 4, lastHeardSeconds: 1.5, errors, isFailing: true };
    const { text } = await metrics.expose();
    expect(samples(text, 'portcullis_source_last_heard_timestamp_seconds')).toEqual(['{kind="pods"} 1.5']);
    expect(samples(text, 'portcullis_source_restarts_total')).toEqual(['{kind="pods"} 4']);
    expect(samples(text, 'portcullis_source_has_synced')).toEqual(['{kind="pods"} 1']);
    expect(samples(text, 'portcullis_source_is_failing')).toEqual(['{kind="pods"} 1']);
    const byCode = samples(text, 'portcullis_source_errors_total');
    expect(byCode).toContain('{kind="pods",code="403"} 3');
    expect(byCode).toContain('{kind="pods",code="418"} 1');
    expect(byCode).toContain('{kind="pods",code="silence"} 0');
  });

  test('metrics show the version, readiness and the resources of the process', async () => {
    const metrics = create();
    expect(samples((await metrics.expose()).text, 'portcullis_ready')).toEqual(['0']);
    metrics.setReady(true);
    const { text, contentType } = await metrics.expose();
    expect(contentType).toContain('text/plain');
    expect(samples(text, 'portcullis_ready')).toEqual(['1']);
    expect(samples(text, 'portcullis_build_info')).toEqual(['{version="1.2.3"} 1']);
    expect(Number(samples(text, 'process_cpu_seconds_total')[0])).toBeGreaterThan(0);
    expect(Number(samples(text, 'process_resident_memory_bytes')[0])).toBeGreaterThan(1e7);
  });

  test('two agents in one process have separate metrics', async () => {
    create().recordDriftRepair(new Set(), 1);
    expect(samples((await create().expose()).text, 'portcullis_drift_repaired_lines_total')).toEqual(['0']);
  });
});
