/** A pod to create, and the status that a kubelet would set. */
export interface BenchPod {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: object;
}

export interface PodPlace {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Content of real clusters' pods that policy never uses. */
const ENVIRONMENT = Array.from({ length: 8 }, (_, index) => ({
  name: `SETTING_${String(index)}`,
  value: `https://service-${String(index)}.example.internal:8443/path?option=${String(index)}`,
}));

export const benchPod = ({ namespace, name, node, labels }: PodPlace): BenchPod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, labels, annotations: { 'example.com/checksum': '0123456789abcdef'.repeat(4) } },
  spec: {
    nodeName: node,
    containers: [
      {
        name: 'main',
        image: 'registry.example.com/team/application:v1.2.3',
        ports: [
          { name: 'http', containerPort: 8080 },
          { name: 'metrics', containerPort: 9090 },
        ],
        env: ENVIRONMENT,
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
        volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
      },
    ],
    volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
  },
});

/** Returns the status that the kubelet writes once the pod runs. */
export const runningStatus = (ip: string, hostIP: string): object => ({
  phase: 'Running',
  podIP: ip,
  podIPs: [{ ip }],
  hostIP,
  hostIPs: [{ ip: hostIP }],
  startTime: '2026-01-01T00:00:00Z',
  conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  })),
  containerStatuses: [
    {
      name: 'main',
      image: 'registry.example.com/team/application:v1.2.3',
      imageID: `registry.example.com/team/application@sha256:${'0'.repeat(64)}`,
      containerID: `containerd://${'f'.repeat(64)}`,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
    },
  ],
});
