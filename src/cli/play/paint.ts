import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Applies a style to text, or returns it unchanged. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_, text) => text;

export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });
