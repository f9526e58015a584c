import { describeSelector, selects } from '../../policy/selector.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { LabelRequirement, LabelSelector } from '../../model/labels.ts';
import type { CheckRule } from '../rule.ts';
import { podsIn } from '../subject.ts';
import { closest, count, listFew } from '../words.ts';

/** Returns the pods' labels that were probably intended, if a key or a value looks like a typing error of one. */
const correct = ({ requirements }: LabelSelector, pods: readonly PodEndpoint[]): string | undefined => {
  const keys = new Set(pods.flatMap(({ labels }) => [...labels.keys()]));
  const corrected = requirements.map((requirement): LabelRequirement => {
    const { key, operator, values } = requirement;
    const [value] = values;
    if (operator !== 'In' || value === undefined || values.length > 1) return requirement;
    const known = keys.has(key) ? key : (closest(key, keys) ?? key);
    const offered = new Set(pods.flatMap(({ labels }) => labels.get(known) ?? []));
    return { key: known, operator, values: [offered.has(value) ? value : (closest(value, offered) ?? value)] };
  });
  const selector = { requirements: corrected };
  const isOther = describeSelector(selector) !== describeSelector({ requirements });
  return isOther && pods.some(({ labels }) => selects(selector, labels)) ? describeSelector(selector) : undefined;
};

/** Returns the values that the selector's labels have on the pods that it could mean. */
export const suggestLabels = (selector: LabelSelector, pods: readonly PodEndpoint[]): string => {
  if (pods.length === 0) return 'there are no pods there; give them along with the policies, or correct the namespace';
  const meant = correct(selector, pods);
  if (meant !== undefined) return `did you mean ${meant}?`;
  const offers = [...new Set(selector.requirements.map(({ key }) => key))].map((key) => {
    const values = [...new Set(pods.flatMap(({ labels }) => labels.get(key) ?? []))].sort();
    return values.length === 0 ? `none has the label ${key}` : `${key} is ${listFew(values)}`;
  });
  return `compare with the labels of the pods there: ${offers.join('; ')}`;
};

/** Finds policies that select no pods, or only pods to which policies don't apply. */
export const findIdleSubjects: CheckRule = ({ parsed, pods }, cluster) => {
  const { podSelector, namespace, faults } = parsed;
  if (cluster.pods.length === 0 || faults.length > 0) return [];
  const field = ['spec', 'podSelector'];
  if (pods.length === 0) {
    const there = podsIn([namespace], cluster);
    const selector = describeSelector(podSelector);
    return [
      {
        code: 'selects-nothing',
        field,
        message: `selects no pod: namespace ${namespace} has none${selector === '' ? '' : ` with ${selector}`}`,
        suggestion: suggestLabels(podSelector, there),
      },
    ];
  }
  if (!pods.every(({ hostNetwork }) => hostNetwork)) return [];
  return [
    {
      code: 'host-network',
      field,
      message: `selects only pods on the host network (${count(pods.length, 'pod')}), which no policy can isolate`,
      suggestion: 'guard those nodes with a host firewall, or take the pods off the host network',
    },
  ];
};

/** Finds missing podSelectors, which select the same pods as empty ones. */
export const findMissingPodSelector: CheckRule = ({ spec, parsed }) =>
  (spec['podSelector'] ?? undefined) === undefined && parsed.faults.length === 0
    ? [
        {
          code: 'pod-selector-missing',
          field: ['spec', 'podSelector'],
          message: `is missing, which selects every pod of namespace ${parsed.namespace}`,
          suggestion: 'write podSelector: {} if that is meant; name labels otherwise',
        },
      ]
    : [];
