/**
 * Breaks text at spaces into lines of up to `width` characters, unless a word is longer. Line breaks count as spaces.
 *
 * @param gap the space between words; text is broken only there
 */
export const wrap = (text: string, width: number, gap = ' '): readonly string[] => {
  const lines: string[] = [];
  const words = gap === ' ' ? text.split(/\s+/) : text.split(gap);
  for (const word of words.filter((each) => each !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + gap.length + word.length <= width) {
      lines[lines.length - 1] = `${last}${gap}${word}`;
    } else lines.push(word);
  }
  return lines;
};

export const indent = (lines: readonly string[], by: number): string =>
  lines.map((line) => (line === '' ? '' : `${' '.repeat(by)}${line}`)).join('\n');
