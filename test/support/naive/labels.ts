import type { JsonLabels, JsonSelector } from './world.ts';

/** "The requirements are ANDed. An empty label selector matches all objects." (metav1.LabelSelector) */
export const matchesLabels = (selector: JsonSelector, labels: JsonLabels): boolean => {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels[key] !== value) return false;
  }
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const value = labels[key];
    if (operator === 'Exists' && value === undefined) return false;
    if (operator === 'DoesNotExist' && value !== undefined) return false;
    if (operator === 'In' && (value === undefined || !values.includes(value))) return false;
    if (operator === 'NotIn' && value !== undefined && values.includes(value)) return false;
  }
  return true;
};
