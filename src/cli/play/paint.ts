import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Puts text in a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_, text) => text;

export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });
