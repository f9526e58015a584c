import type { Place } from '../../../cluster/manifest/place.ts';

/** Returns `story.yaml:12:7`. */
export const formatPlace = ({ file, line, column }: Place): string => `${file}:${line}:${column}`;
