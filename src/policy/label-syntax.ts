/** Longest prefix of a label key (RFC 1123 subdomain). */
const MAX_PREFIX = 253;
/** Longest name part of a label key, and longest value (apimachinery validation.LabelValueMaxLength). */
const MAX_PART = 63;

const PART = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** Returns why `key` is not a label key (apimachinery IsQualifiedName), or undefined if it is one. */
export const labelKeyProblem = (key: string): string | undefined => {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== undefined && (prefix.length > MAX_PREFIX || !SUBDOMAIN.test(prefix))) {
    return `${JSON.stringify(key)} is not a label key: the part before "/" must be a DNS subdomain`;
  }
  if (name.length > MAX_PART || !PART.test(name)) {
    return `${JSON.stringify(key)} is not a label key: at most ${MAX_PART} letters, digits, "-", "_", "." with a letter or digit at both ends`;
  }
  return undefined;
};

/** Returns why `value` is not a label value (apimachinery IsValidLabelValue), or undefined if it is one. */
export const labelValueProblem = (value: string): string | undefined =>
  value === '' || (value.length <= MAX_PART && PART.test(value))
    ? undefined
    : `${JSON.stringify(value)} is not a label value: at most ${MAX_PART} letters, digits, "-", "_", "." with a letter or digit at both ends`;
