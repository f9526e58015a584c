import { Refusal } from './refusal.ts';

/** Maximum length of an argument in bytes (iptables xshared.c: param_buffer). */
const MAX_ARGUMENT = 1023;
/** Maximum length of a line in bytes (iptables-restore.c: buffer). */
const MAX_LINE = 10_239;

/**
 * Splits a line of restore text into arguments as iptables-restore does (xshared.c, add_param_to_argv): blanks separate
 * outside of double quotes, a closing quote ends the argument, `\` escapes inside quotes only.
 */
export const splitLine = (line: string): readonly string[] => {
  if (Buffer.byteLength(line) > MAX_LINE) throw new Refusal('line too long');
  const found: string[] = [];
  let current = '';
  let quoted = false;
  let escaped = false;
  const end = (): void => {
    if (Buffer.byteLength(current) > MAX_ARGUMENT) throw new Refusal('Parameter too long!');
    found.push(current);
    current = '';
  };
  for (const char of line) {
    if (escaped) {
      current += char;
      escaped = false;
    } else if (quoted && char === '\\') {
      escaped = true;
    } else if (char === '"') {
      if (quoted) end();
      quoted = !quoted;
    } else if (!quoted && (char === ' ' || char === '\t')) {
      if (current !== '') end();
    } else {
      current += char;
    }
  }
  if (quoted) throw new Refusal('unterminated quote');
  if (current !== '') end();
  return found;
};
