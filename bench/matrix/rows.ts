import type { MatrixSize } from './cluster.ts';

/** A command that is measured, and what it may take. */
export interface MatrixRow {
  readonly id: string;
  readonly title: string;
  readonly args: readonly string[];
  readonly format: 'json' | 'yaml';
  /** Sizes larger than this are left out, pods. */
  readonly most: number;
  /** By size of the cluster, pods: seconds of the processor, megabytes of memory at its peak. */
  readonly goals: Readonly<Record<string, { readonly seconds: number; readonly megabytes?: number }>>;
}

export const MATRIX_SIZES: readonly MatrixSize[] = [
  { pods: 1_000, policies: 200 },
  { pods: 3_000, policies: 600 },
  { pods: 10_000, policies: 2_000 },
  { pods: 30_000, policies: 3_000 },
  { pods: 100_000, policies: 5_000 },
];

const EVERY_SIZE = Number.POSITIVE_INFINITY;

export const MATRIX_ROWS: readonly MatrixRow[] = [
  {
    id: 'matrix',
    title: 'matrix',
    args: ['matrix', '-f'],
    format: 'json',
    most: 30_000,
    goals: { 10_000: { seconds: 10, megabytes: 1_024 } },
  },
  {
    id: 'matrix-yaml',
    title: 'matrix, of kubectl get -o yaml',
    args: ['matrix', '-f'],
    format: 'yaml',
    most: 30_000,
    goals: { 10_000: { seconds: 10, megabytes: 1_024 } },
  },
  {
    id: 'namespace',
    title: 'matrix -n ns-3',
    args: ['matrix', '-n', 'ns-3', '-f'],
    format: 'json',
    most: 30_000,
    goals: { 10_000: { seconds: 10, megabytes: 1_024 } },
  },
  {
    id: 'summary',
    title: 'matrix --summary',
    args: ['matrix', '--summary', '-f'],
    format: 'json',
    most: EVERY_SIZE,
    goals: { 100_000: { seconds: 60 } },
  },
  {
    id: 'csv',
    title: 'matrix -o csv, all connections',
    args: ['matrix', '-o', 'csv', '-f'],
    format: 'json',
    most: 10_000,
    goals: {},
  },
  { id: 'check', title: 'check', args: ['check', '-f'], format: 'json', most: EVERY_SIZE, goals: {} },
  {
    id: 'render',
    title: 'render --node node-1',
    args: ['render', '--node', 'node-1', '-f'],
    format: 'json',
    most: EVERY_SIZE,
    goals: {},
  },
  {
    id: 'diff',
    title: 'diff of two states that differ in one policy',
    args: ['diff'],
    format: 'json',
    most: 10_000,
    goals: {},
  },
];
