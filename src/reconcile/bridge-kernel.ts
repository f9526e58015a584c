import type { BridgeLook } from '../bridge/bridge-look.ts';
import type { Question } from '../bridge/discovery-frames.ts';
import type { Claim, ObservedBridge } from '../bridge/parse-table.ts';

/** A question to the ports of a bridge, and the kernel's index of that bridge. */
export interface BridgeQuestion extends Question {
  readonly bridge: number;
}

/** The node's bridges and our bridge table, as the guard uses them. */
export interface BridgeKernel {
  /**
   * Reads the node's bridges.
   * @param named interfaces in results of the network plugin
   * @param addresses addresses of the node's pods
   * @throws if interfaces cannot be listed
   */
  look(named: readonly string[], addresses: readonly string[]): Promise<BridgeLook>;
  /** Applies text for nft in one transaction. @throws if nft is missing or the kernel refuses */
  write(text: string): Promise<void>;
  /** Reads our table; undefined if there is none. @throws if it cannot be read */
  read(): Promise<ObservedBridge | undefined>;
  /** Returns the recent answers for wanted addresses. @throws if they cannot be read */
  claims(): Promise<readonly Claim[]>;
  /** Asks all ports. @throws if frames cannot be sent */
  ask(questions: readonly BridgeQuestion[]): Promise<void>;
  /** Reports whether other programs' changes of our table are received. */
  isListening(): boolean;
  /** Ends the programs that run for bridges, until the next read: no bridge is of interest. */
  rest(): void;
}
