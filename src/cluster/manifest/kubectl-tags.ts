import type { ScalarTag } from 'yaml';

/**
 * Plain words and numbers that kubectl reads by the rules of YAML 1.1 (sigs.k8s.io/yaml), where YAML 1.2 reads text or
 * another number. The API server would refuse a label `on: yes`, which YAML 1.2 reads as text.
 */
export const KUBECTL_TAGS: readonly ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
    resolve: (text) => /^(?:y|on)/i.test(text),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?0[0-7_]+$/,
    resolve: (text) => Number.parseInt(text.replaceAll('_', ''), 8),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?[1-9][0-9]*_[0-9_]*$/,
    resolve: (text) => Number(text.replaceAll('_', '')),
  },
];
