/** The size of the cluster whose node is tampered with. */
export interface CrowdSize {
  /** Selectors of the policy, each with a set of both families. */
  readonly groups: number;
  readonly pods: number;
  /** Number of groups that each pod is in. */
  readonly groupsOfPod: number;
}

const podText = (at: number, { groups, groupsOfPod }: CrowdSize): string => {
  const labels = Array.from({ length: groupsOfPod }, (_, nth) => `in-${(at + nth * 3) % groups}: "yes"`);
  const [high, low] = [2 + Math.floor(at / 250), 1 + (at % 250)];
  return `---
apiVersion: v1
kind: Pod
metadata: { namespace: shop, name: crowd-${at}, labels: { ${labels.join(', ')} } }
spec: { nodeName: node${high}, containers: [{ name: c, image: c }] }
status: { podIP: 10.244.${high}.${low}, podIPs: [{ ip: 10.244.${high}.${low} }, { ip: "fd00:10:244:${high}::${low}" }] }
`;
};

/** Returns pods of other nodes, and a policy whose selectors make many large sets of them. */
export const crowdText = (size: CrowdSize): string => {
  const rules = Array.from(
    { length: size.groups },
    (_, at) => `    - from: [{ podSelector: { matchLabels: { in-${at}: "yes" } } }]
      ports: [{ port: ${7000 + at} }]
`,
  );
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { namespace: shop, name: server-from-crowd }
spec:
  podSelector: { matchLabels: { app: server } }
  ingress:
${rules.join('')}${Array.from({ length: size.pods }, (_, at) => podText(at, size)).join('')}`;
};
