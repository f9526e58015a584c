import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../src/config/config-error.ts';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { Environment, Flags } from '../../src/config/read-settings.ts';

const LEAST: Flags = { manifests: 'm', nodeName: 'n1' };

const problemsOf = (flags: Flags, env: Environment = {}): readonly string[] => {
  try {
    parseConfig(flags, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('parseConfig', () => {
  test('parseConfig applies the defaults', () => {
    expect(parseConfig(LEAST, {})).toEqual({
      source: { kind: 'manifests', folder: 'm' },
      nodeName: 'n1',
      listen: { host: '127.0.0.1', port: 9577 },
      metricsAuth: 'off',
      logFormat: 'json',
      logLevel: 'info',
      iptablesBackend: 'auto',
      ipFamilies: 'auto',
      driftIntervalMs: 2000,
      xtablesWaitSeconds: 5,
      cniResults: '/var/lib/cni/results',
      records: true,
      deniedEvents: false,
      onDeny: 'drop',
      podCondition: 'all',
      gate: 'isolated-namespaces',
      events: 'on',
      antiSpoofing: 'auto',
      limits: DEFAULT_LIMITS,
    });
  });

  test('parseConfig reads every setting from flags', () => {
    const flags: Flags = {
      kubeconfig: '/etc/kube config',
      nodeName: 'worker-1.example.com',
      listen: '[::1]:80',
      healthFile: '/run/health',
      metricsAuth: 'kubernetes',
      tlsCert: '/tls/tls.crt',
      tlsKey: '/tls/tls.key',
      logFormat: 'text',
      logLevel: 'debug',
      iptablesBackend: 'legacy',
      ipFamilies: 'dual',
      driftInterval: '1m',
      xtablesWait: '30',
      cniResults: '/var/lib/cni/cache/results',
      cniSocket: '/run/portcullis/cni.sock',
      records: 'off',
      recordsDir: '/run/portcullis/records',
      deniedEvents: 'on',
      onDeny: 'reject',
      podCondition: 'gated',
      gate: 'all',
      events: 'off',
      antiSpoofing: 'cni0,veth+',
      limits: 'namespace-rules=20000,node-memory=256',
    };
    expect(parseConfig(flags, {})).toEqual({
      source: { kind: 'kubeconfig', file: '/etc/kube config' },
      nodeName: 'worker-1.example.com',
      listen: { host: '::1', port: 80 },
      healthFile: '/run/health',
      metricsAuth: 'kubernetes',
      tls: { cert: '/tls/tls.crt', key: '/tls/tls.key' },
      logFormat: 'text',
      logLevel: 'debug',
      iptablesBackend: 'legacy',
      ipFamilies: ['ipv4', 'ipv6'],
      driftIntervalMs: 60_000,
      xtablesWaitSeconds: 30,
      cniResults: '/var/lib/cni/cache/results',
      cniSocket: '/run/portcullis/cni.sock',
      records: false,
      recordsDir: '/run/portcullis/records',
      deniedEvents: true,
      onDeny: 'reject',
      podCondition: 'gated',
      gate: 'all',
      events: 'off',
      antiSpoofing: ['cni0', 'veth+'],
      limits: {
        ...DEFAULT_LIMITS,
        namespace: { ...DEFAULT_LIMITS.namespace, rules: 20_000 },
        node: { ...DEFAULT_LIMITS.node, memory: 256 * 1024 * 1024 },
      },
    });
  });

  test('parseConfig reads every setting from the environment', () => {
    const env = {
      PORTCULLIS_IN_CLUSTER: 'true',
      PORTCULLIS_NODE_NAME: 'n2',
      PORTCULLIS_LISTEN: 'off',
      PORTCULLIS_METRICS_AUTH: 'kubernetes',
      PORTCULLIS_TLS_CERT: 'c',
      PORTCULLIS_TLS_KEY: 'k',
      PORTCULLIS_LOG_FORMAT: 'text',
      PORTCULLIS_LOG_LEVEL: 'error',
      PORTCULLIS_IPTABLES_BACKEND: 'nft',
      PORTCULLIS_IP_FAMILIES: 'ipv6',
      PORTCULLIS_DRIFT_INTERVAL: '250ms',
      PORTCULLIS_XTABLES_WAIT: '1',
      PORTCULLIS_CNI_RESULTS: '0',
      PORTCULLIS_RECORDS: 'off',
      PORTCULLIS_RECORDS_DIR: '0',
      PORTCULLIS_DENIED_EVENTS: 'on',
      PORTCULLIS_ON_DENY: 'reject',
      PORTCULLIS_POD_CONDITION: 'off',
      PORTCULLIS_GATE: 'off',
      PORTCULLIS_EVENTS: 'off',
      PORTCULLIS_ANTI_SPOOFING: 'off',
      PORTCULLIS_LIMITS: 'policy-sets=7',
    };
    expect(parseConfig({}, env)).toEqual({
      source: { kind: 'in-cluster' },
      nodeName: 'n2',
      listen: undefined,
      metricsAuth: 'kubernetes',
      tls: { cert: 'c', key: 'k' },
      logFormat: 'text',
      logLevel: 'error',
      iptablesBackend: 'nft',
      ipFamilies: ['ipv6'],
      driftIntervalMs: 250,
      xtablesWaitSeconds: 1,
      records: false,
      recordsDir: undefined,
      deniedEvents: true,
      onDeny: 'reject',
      podCondition: 'off',
      gate: 'off',
      events: 'off',
      antiSpoofing: 'off',
      limits: { ...DEFAULT_LIMITS, policy: { ...DEFAULT_LIMITS.policy, sets: 7 } },
    });
  });

  test('a flag wins over its variable, and an empty variable is not set', () => {
    const env = { PORTCULLIS_NODE_NAME: 'other', PORTCULLIS_LOG_LEVEL: '' };
    expect(parseConfig(LEAST, env)).toMatchObject({ nodeName: 'n1', logLevel: 'info' });
  });

  test('parseConfig ignores the variables that Kubernetes derives from a Service’s name', () => {
    expect(problemsOf(LEAST, { PORTCULLIS_PORT: 'tcp://10.0.0.1:9577', PORTCULLIS_SERVICE_HOST: '10.0.0.1' })).toEqual(
      [],
    );
  });

  test('parseConfig returns a frozen config', () => {
    const config = parseConfig(LEAST, {});
    expect([config, config.source, config.listen].every((part) => Object.isFrozen(part))).toBe(true);
  });
});

describe('source setting', () => {
  const inPod = { KUBERNETES_SERVICE_HOST: '10.96.0.1' };

  test('the default source is the cluster of the pod', () => {
    expect(parseConfig({ nodeName: 'n1' }, inPod).source).toEqual({ kind: 'in-cluster' });
    expect(parseConfig({ nodeName: 'n1', kubeconfig: 'k' }, inPod).source).toEqual({ kind: 'kubeconfig', file: 'k' });
  });

  const choices =
    '--kubeconfig (PORTCULLIS_KUBECONFIG), --manifests (PORTCULLIS_MANIFESTS), --in-cluster (PORTCULLIS_IN_CLUSTER)';

  test.each<[Flags, Environment]>([
    [{ nodeName: 'n1' }, {}],
    [{ nodeName: 'n1', inCluster: 'false' }, inPod],
  ])('the source can be chosen: %j %j', (flags, env) => {
    expect(problemsOf(flags, env)).toEqual([`no source of the cluster's state: give one of ${choices}`]);
  });

  test.each<[Flags, Environment]>([
    [{ ...LEAST, kubeconfig: 'k' }, {}],
    [{ ...LEAST, inCluster: true }, {}],
    [LEAST, { PORTCULLIS_KUBECONFIG: 'k' }],
  ])('only one source can be chosen: %j %j', (flags, env) => {
    expect(problemsOf(flags, env)).toEqual([`more than one source of the cluster's state: give one of ${choices}`]);
  });
});

describe('TLS settings', () => {
  test.each<[Flags, string]>([
    [{ tlsCert: 'c' }, '--tls-key (PORTCULLIS_TLS_KEY) is missing: --tls-cert needs it'],
    [{ tlsKey: 'k' }, '--tls-cert (PORTCULLIS_TLS_CERT) is missing: --tls-key needs it'],
    [{ metricsAuth: 'kubernetes' }, '--metrics-auth: a folder of manifests is no API server to ask'],
    [{ metricsAuth: 'on' }, '--metrics-auth: "on" is not one of off, kubernetes'],
  ])('TLS settings must be complete: %j', (flags, problem) => {
    expect(problemsOf({ ...LEAST, ...flags })).toEqual([problem]);
  });
});

describe('invalid settings', () => {
  const durations = 'a duration from 100ms to 1h, such as 5s';
  const addresses = 'host:port, [address]:port, :port, or 0 for none';
  const names = 'the name of a Node: lower-case letters, digits, "-" and ".", at most 253 characters';

  test.each<[Flags, string]>([
    [{ driftInterval: '5' }, `--drift-interval: "5" is not ${durations}`],
    [{ driftInterval: '99ms' }, `--drift-interval: "99ms" is not ${durations}`],
    [{ driftInterval: '2h' }, `--drift-interval: "2h" is not ${durations}`],
    [{ driftInterval: '-5s' }, `--drift-interval: "-5s" is not ${durations}`],
    [{ xtablesWait: '0' }, '--xtables-wait: "0" is not whole seconds from 1 to 300'],
    [{ xtablesWait: '5s' }, '--xtables-wait: "5s" is not whole seconds from 1 to 300'],
    [{ logLevel: 'INFO' }, '--log-level: "INFO" is not one of error, warn, info, debug'],
    [{ logFormat: 'xml' }, '--log-format: "xml" is not one of json, text'],
    [{ iptablesBackend: 'ebtables' }, '--iptables-backend: "ebtables" is not one of auto, nft, legacy'],
    [{ ipFamilies: 'constructor' }, '--ip-families: "constructor" is not one of auto, ipv4, ipv6, dual'],
    [{ listen: '9577' }, `--listen: "9577" is not ${addresses}`],
    [{ nodeName: 'Node 1' }, `--node-name: "Node 1" is not ${names}`],
    [{ nodeName: 'a'.repeat(254) }, `--node-name: "${'a'.repeat(254)}" is not ${names}`],
    [{ manifests: '' }, '--manifests: "" is not a path'],
  ])('an invalid setting is reported: %j', (flags, problem) => {
    expect(problemsOf({ ...LEAST, ...flags })).toEqual([problem]);
  });

  test('all invalid settings are reported at once, each by the name it was given with', () => {
    expect(problemsOf({ manifests: 'm', logLevel: 'loud' }, { PORTCULLIS_DRIFT_INTERVAL: 'often' })).toEqual([
      "--node-name (PORTCULLIS_NODE_NAME) is missing: this node's name, as in spec.nodeName of its pods",
      '--log-level: "loud" is not one of error, warn, info, debug',
      `PORTCULLIS_DRIFT_INTERVAL: "often" is not ${durations}`,
    ]);
  });
});
