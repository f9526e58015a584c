/** Images by the names that the end-to-end suite of Kubernetes v1.36.3 uses (test/utils/image/manifest.go). */
export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10.2';
export const AGNHOST_IMAGE = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0';
export const BUSYBOX_IMAGE = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';

/** CoreDNS by kubeadm's name. */
export const COREDNS_IMAGE = 'registry.k8s.io/coredns/coredns:v1.14.7';

/** Prometheus by its project's name, in the version of Debian 12. */
export const PROMETHEUS_IMAGE = 'docker.io/prom/prometheus:v2.42.0';
