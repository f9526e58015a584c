/** Longest comment of a rule in bytes (XT_MAX_COMMENT_LEN less the closing NUL). */
const MAX_COMMENT = 255;
const CUT = '...';

/** Characters other than those of valid names and the blanks between them. */
const OTHER = /[^A-Za-z0-9 ./-]/gu;

/**
 * Returns the comment of a rule: the only place where foreign text enters restore text. Names in a folder of manifests can
 * contain anything, so every character that is not part of valid names becomes `?`. The rest has one byte per character.
 */
export const commentText = (text: string): string => {
  const safe = text.replaceAll(OTHER, '?');
  return safe.length <= MAX_COMMENT ? safe : `${safe.slice(0, MAX_COMMENT - CUT.length)}${CUT}`;
};
