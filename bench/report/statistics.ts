/** Returns the quantile for a share (0 to 1) of the samples, by nearest rank; NaN without samples. */
export const quantile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

export const median = (samples: readonly number[]): number => {
  const lower = quantile(samples, 0.5);
  return samples.length % 2 === 1 ? lower : (lower + quantile(samples, 0.5 + 0.5 / samples.length)) / 2;
};
