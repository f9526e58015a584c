import { InvalidArgumentError } from 'commander';

/** @throws InvalidArgumentError for anything but a whole number from 0 on. */
export const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('it must be a whole number');
  return value;
};
