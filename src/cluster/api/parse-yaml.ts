import { parse } from 'yaml';

/**
 * Parses YAML. This file is imported on demand, because a bundle cannot import a CommonJS package by name. @throws
 * YAMLParseError
 */
export const parseYaml = (text: string): unknown => parse(text) as unknown;
