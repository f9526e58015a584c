/** `metadata.labels` of an object. */
export type Labels = ReadonlyMap<string, string>;

export type SelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

/** One condition on a label (apimachinery LabelSelectorRequirement). `values` is sorted; empty for Exists and DoesNotExist. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

/**
 * A label selector: all requirements hold (metav1.LabelSelector, `matchLabels` turned into In requirements).
 * No requirement at all selects everything, as the API says of an empty selector.
 */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
}
