import type { BridgeLook } from '../bridge/bridge-look.ts';
import type { Question } from '../bridge/discovery-frames.ts';
import type { Claim, ObservedBridge } from '../bridge/parse-table.ts';

/** A question, and the kernel's number of the bridge whose ports are asked. */
export interface BridgeQuestion extends Question {
  readonly bridge: number;
}

/** The node's bridges and our table of the bridge family, as the guard needs them. */
export interface BridgeKernel {
  /**
   * @param named interfaces that results of the network plugin name
   * @param addresses of the node's pods
   * @throws where interfaces cannot be listed
   */
  look(named: readonly string[], addresses: readonly string[]): Promise<BridgeLook>;
  /** Carries out text for nft in one transaction. @throws where nft is missing or the kernel refuses */
  write(text: string): Promise<void>;
  /** What the kernel holds of our table; undefined where there is none. @throws where that cannot be read */
  read(): Promise<ObservedBridge | undefined>;
  /** Who answered for wanted addresses of late. @throws where that cannot be read */
  claims(): Promise<readonly Claim[]>;
  /** Asks all ports. @throws where frames cannot be sent */
  ask(questions: readonly BridgeQuestion[]): Promise<void>;
  /** Changes of our table by others are told. */
  isListening(): boolean;
  /** No bridge is of interest: what was kept running for them ends, until the next look. */
  rest(): void;
}
