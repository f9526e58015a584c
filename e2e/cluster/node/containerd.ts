import { NODE_PATHS } from './spec.ts';

/**
 * Returns containerd's configuration (version 2, which 1.6 to 2.x read).
 *
 * @param pauseImage the image that keeps each pod's namespaces
 */
export const containerdConfig = (pauseImage: string): string => `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
# Making itself harder to kill takes CAP_SYS_RESOURCE, which containers and many test machines lack.
oom_score = 0

[grpc]
  address = "${NODE_PATHS.containerdSocket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${NODE_PATHS.cniPlugins}"
  conf_dir = "${NODE_PATHS.cniConfig}"
`;
