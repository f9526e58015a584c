/** Longest comment of a rule, bytes (XT_MAX_COMMENT_LEN less the closing NUL). */
const MAX_COMMENT = 255;
const CUT = '...';

/** What names that an API server accepts are made of, and the blanks between them. */
const OTHER = /[^A-Za-z0-9 ./-]/gu;

/**
 * The comment of a rule: the one place where text that others chose gets into restore text. Names in a folder of manifests
 * can hold anything, so all but the characters of sound names become `?`; what is left is as many bytes as characters.
 */
export const commentText = (text: string): string => {
  const safe = text.replaceAll(OTHER, '?');
  return safe.length <= MAX_COMMENT ? safe : `${safe.slice(0, MAX_COMMENT - CUT.length)}${CUT}`;
};
