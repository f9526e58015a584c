/** Images as the end-to-end suite of Kubernetes v1.36.3 names them (test/utils/image/manifest.go). */
export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10.2';
export const AGNHOST_IMAGE = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0';
export const BUSYBOX_IMAGE = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';

/** CoreDNS, as kubeadm names it. */
export const COREDNS_IMAGE = 'registry.k8s.io/coredns/coredns:v1.14.7';

/** Prometheus, as its makers name it; of the version in Debian 12. */
export const PROMETHEUS_IMAGE = 'docker.io/prom/prometheus:v2.42.0';
