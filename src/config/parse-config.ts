import type { Config, MetricsAuth, SourceConfig, TlsFiles } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, type Flags, readSettings, type Values } from './read-settings.ts';
import { namesOf } from './setting.ts';
import { SETTINGS } from './settings.ts';

/**
 * Reports whether the process runs in a pod: the kubelet sets this variable in every container, and client libraries
 * rely on it.
 */
const runsInPod = (env: Environment): boolean => (env['KUBERNETES_SERVICE_HOST'] ?? '') !== '';

const CHOICES = [SETTINGS.kubeconfig, SETTINGS.manifests, SETTINGS.inCluster].map(namesOf).join(', ');

const chooseSource = ({ kubeconfig, manifests, inCluster }: Values, env: Environment): SourceConfig => {
  const given: readonly SourceConfig[] = [
    ...(kubeconfig === undefined ? [] : [{ kind: 'kubeconfig' as const, file: kubeconfig }]),
    ...(manifests === undefined ? [] : [{ kind: 'manifests' as const, folder: manifests }]),
    ...(inCluster === true ? [{ kind: 'in-cluster' as const }] : []),
  ];
  if (given.length > 1) throw new ConfigError([`more than one source of the cluster's state: give one of ${CHOICES}`]);
  const [source] = given;
  if (source !== undefined) return source;
  if (inCluster === undefined && runsInPod(env)) return { kind: 'in-cluster' };
  throw new ConfigError([`no source of the cluster's state: give one of ${CHOICES}`]);
};

const chooseTls = ({ tlsCert, tlsKey }: Values): TlsFiles | undefined => {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert !== undefined && tlsKey !== undefined) return Object.freeze({ cert: tlsCert, key: tlsKey });
  const [given, missing] =
    tlsCert === undefined ? [SETTINGS.tlsKey, SETTINGS.tlsCert] : [SETTINGS.tlsCert, SETTINGS.tlsKey];
  throw new ConfigError([`${namesOf(missing)} is missing: --${given.flag} needs it`]);
};

const chooseMetricsAuth = ({ metricsAuth }: Values, source: SourceConfig): MetricsAuth => {
  if (metricsAuth === 'kubernetes' && source.kind === 'manifests') {
    throw new ConfigError([`--${SETTINGS.metricsAuth.flag}: a folder of manifests is no API server to ask`]);
  }
  return metricsAuth;
};

/**
 * Parses flags and environment to a frozen Config. Pure: reads no file and resolves no name.
 * @throws ConfigError with the invalid flags or variables and the values that they accept
 */
export const parseConfig = (flags: Flags, env: Environment): Config => {
  const values = readSettings(flags, env);
  const { nodeName, logFormat, logLevel, iptablesBackend, ipFamilies } = values;
  const source = chooseSource(values, env);
  return Object.freeze({
    source: Object.freeze(source),
    nodeName,
    listen: values.listen === 'off' ? undefined : Object.freeze(values.listen),
    healthFile: values.healthFile === '0' ? undefined : values.healthFile,
    statusSocket: values.statusSocket === '0' ? undefined : values.statusSocket,
    metricsAuth: chooseMetricsAuth(values, source),
    tls: chooseTls(values),
    logFormat,
    logLevel,
    iptablesBackend,
    ipFamilies,
    driftIntervalMs: values.driftInterval,
    xtablesWaitSeconds: values.xtablesWait,
    deniedLog: values.nflogGroup === 0 ? undefined : Object.freeze({ group: values.nflogGroup }),
    records: values.records === 'on',
    recordsDir: values.recordsDir === '0' ? undefined : values.recordsDir,
    deniedEvents: values.deniedEvents === 'on',
    onDeny: values.onDeny,
    lease: values.lease === 'off' ? undefined : Object.freeze(values.lease),
    podCondition: values.podCondition,
    gate: values.gate,
    events: values.events,
    antiSpoofing: values.antiSpoofing,
    limits: values.limits,
    cniResults: values.cniResults === '0' ? undefined : values.cniResults,
    cniSocket: values.cniSocket === '0' ? undefined : values.cniSocket,
  });
};
