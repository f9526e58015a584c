/** `metadata.labels` of an object. */
export type Labels = ReadonlyMap<string, string>;

export type SelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

/** A condition on a label (apimachinery LabelSelectorRequirement). `values` is sorted; empty for Exists and DoesNotExist. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

/**
 * A label selector: all requirements hold (metav1.LabelSelector with `matchLabels` as In requirements). Without requirements
 * it selects everything, like the API's empty selector.
 */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
}
