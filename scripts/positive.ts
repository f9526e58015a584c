import { InvalidArgumentError } from 'commander';

/** Parses a number. @throws InvalidArgumentError for anything but a whole number from 1 on */
export const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 on is wanted');
  return value;
};
