/** The greeting of the agent that has the node, for waiting agents. */
export interface Introduction {
  readonly version: string;
  readonly pid: number;
}

const MAX_LENGTH = 200;

/** Returns the greeting as one line. */
export const writeIntroduction = ({ version, pid }: Introduction): string => `portcullis ${version} pid ${pid}\n`;

/** Makes a greeting readable for people, whatever it contains: any process may have the name. */
export const readIntroduction = (text: string): string => {
  const [, version, pid] = /^portcullis (\S{1,100}) pid (\d{1,10})\n/.exec(text.slice(0, MAX_LENGTH)) ?? [];
  return version === undefined ? 'something that does not say what it is' : `version ${version}, process ${pid ?? ''}`;
};
