const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

const MAX_LABEL = 63;
const MAX_SUBDOMAIN = 253;

/** Reports whether the text is a DNS label, as namespaces are named (RFC 1123; apimachinery IsDNS1123Label). */
export const isDnsLabel = (text: string): boolean => text.length <= MAX_LABEL && LABEL.test(text);

/** Reports whether the text is a DNS subdomain, as most objects are named (RFC 1123; apimachinery IsDNS1123Subdomain). */
export const isDnsSubdomain = (text: string): boolean => text.length <= MAX_SUBDOMAIN && SUBDOMAIN.test(text);
