import { parse } from 'yaml';

/** The parser is loaded on demand, with this file: in a bundle a package of CommonJS cannot be imported by name. @throws YAMLParseError */
export const parseYaml = (text: string): unknown => parse(text) as unknown;
