import type { AntiSpoofing } from './config.ts';

/** A name that both the kernel (net/core/dev.c, dev_valid_name; IFNAMSIZ) and iptables accept, or a prefix and `+`. */
const PATTERN = /^(?=.{1,15}$)[A-Za-z0-9_][A-Za-z0-9_.-]*\+?$/;
const MAX_PATTERNS = 16;

/** @returns undefined for an invalid text */
export const readAntiSpoofing = (text: string): AntiSpoofing | undefined => {
  if (text === 'auto' || text === 'off') return text;
  const patterns = [...new Set(text.split(','))];
  const areAll = patterns.length <= MAX_PATTERNS && patterns.every((pattern) => PATTERN.test(pattern));
  return areAll ? Object.freeze(patterns) : undefined;
};
