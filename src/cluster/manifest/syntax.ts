import { isDnsLabel, isDnsSubdomain } from '../../model/dns-name.ts';

/** Returns why the API would refuse a text; undefined if it is valid (apimachinery util/validation). */
export type Syntax = (text: string) => string | undefined;

const LABEL_PART = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const PORT_NAME = /^(?!.*--)(?=.*[a-z])[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

const MAX_LABEL = 63;
/** IANA service names (RFC 6335). */
const MAX_PORT_NAME = 15;

/** Quotes a text for a message; truncates a long one. */
const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);

export const dnsLabel: Syntax = (text) =>
  isDnsLabel(text)
    ? undefined
    : `${quote(text)} is not a DNS label: at most 63 lower case letters, digits and "-", not "-" at an end`;

export const dnsSubdomain: Syntax = (text) =>
  isDnsSubdomain(text)
    ? undefined
    : `${quote(text)} is not a DNS name: at most 253 lower case letters, digits, "-" and ".", a letter or digit at each end`;

const isLabelPart = (text: string): boolean => text.length <= MAX_LABEL && LABEL_PART.test(text);

export const labelKey: Syntax = (text) => {
  const slash = text.indexOf('/');
  const prefixIsGood = slash < 0 || isDnsSubdomain(text.slice(0, slash));
  return prefixIsGood && isLabelPart(text.slice(slash + 1))
    ? undefined
    : `${quote(text)} is not a label key: at most 63 letters, digits, "-", "_", "."; before it, if need be, a DNS name and "/"`;
};

export const labelValue: Syntax = (text) =>
  text === '' || isLabelPart(text)
    ? undefined
    : `${quote(text)} is not a label value: at most 63 letters, digits, "-", "_", ".", a letter or digit at each end`;

export const portName: Syntax = (text) =>
  text.length <= MAX_PORT_NAME && PORT_NAME.test(text)
    ? undefined
    : `${quote(text)} is not a port name: at most 15 lower case letters, digits and single "-", at least one letter`;
