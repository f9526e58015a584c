import type { IpFamily } from '../../src/model/family.ts';
import type { RunningProcess } from '../../src/lab/process.ts';
import type { IptablesBackend } from '../../src/lab/settings.ts';
import type { AgentStart, PolicedNode } from '../support/lab/policed-node.ts';
import type { DebianTools, Release } from './tools/debian-tools.ts';

/** What has to hold on a node in a condition. */
export type Holds =
  /** All of policy is in force, and health says so. */
  | { readonly kind: 'all' }
  /** All but that part, in these families; the part is named, and /readyz answers with that code. */
  | { readonly kind: 'part'; readonly part: string; readonly good: readonly IpFamily[]; readonly code: 200 | 503 }
  /** What is denied is kept out. Whether what is allowed passes is decided by others. */
  | { readonly kind: 'closed' }
  /** No policy can be enforced: the agent says so in these words and ends with exit code 1. */
  | { readonly kind: 'ends'; readonly told: RegExp };

/** What a condition is made with. */
export interface Place {
  readonly node: PolicedNode;
  readonly backend: IptablesBackend;
  /** Runs lines of a shell on the node; `ipt` and `ipt6` are iptables and ip6tables of the backend. */
  sh(...lines: readonly string[]): Promise<string>;
  /** Loads restore text as another program does, beside what is there. */
  restore(family: IpFamily, text: string): Promise<void>;
  /** Keeps a program running until the condition ends. */
  keep(process: RunningProcess): void;
  /** Tools of another release of Debian. */
  tools(release: Release): DebianTools;
}

/** A node as it may really be. */
export interface Condition {
  /** `group/what`. */
  readonly name: string;
  /** In words, for the report. */
  readonly what: string;
  /**
   * `kernel`: it is really so, in the kernel. `release`: by programs of another release of Debian. `stand-in`: a tool
   * answers what the real one was recorded to answer, since this kernel cannot be brought to it.
   */
  readonly made: 'kernel' | 'release' | 'stand-in';
  /** Both if absent. */
  readonly backends?: readonly IptablesBackend[];
  /** Makes it, before an agent starts and while one runs. */
  readonly lay?: (place: Place) => Promise<void>;
  /** How the agent is started in it. Such a condition is there before the agent. */
  readonly agent?: (place: Place) => AgentStart | Promise<AgentStart>;
  /** All of policy if absent. */
  readonly holds?: Holds;
  /** Rules of ours may be others than those on a plain node: other flags, or another version of the tools. */
  readonly differs?: true;
  /** What others have changes by itself, so that it cannot be compared. */
  readonly restless?: true;
  /** Others take rules of ours away all the time: what is denied may pass until that is mended. */
  readonly gaps?: true;
  /** `npm test` has it. */
  readonly quick?: true;
  /** The releases of Debian whose tools it needs. */
  readonly needs?: readonly Release[];
}

export const ALL: Holds = { kind: 'all' };
