/**
 * Replaces `{NAME}` in a text.
 * @throws TypeError for a name without a value, and for a value that the text does not use
 */
export const fillTemplate = (template: string, values: Readonly<Record<string, string>>): string => {
  const used = new Set<string>();
  const text = template.replaceAll(/\{([A-Z0-9]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`the template has {${name}}, for which there is no value`);
    used.add(name);
    return value;
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new TypeError(`the template does not use ${unused.join(', ')}`);
  return text;
};
