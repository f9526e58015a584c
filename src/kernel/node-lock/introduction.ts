/** What the agent that has the node tells those who wait for it. */
export interface Introduction {
  readonly version: string;
  readonly pid: number;
}

const MAX_LENGTH = 200;

/** One line. */
export const writeIntroduction = ({ version, pid }: Introduction): string => `portcullis ${version} pid ${pid}\n`;

/** For people, from whatever came: anybody may have that name. */
export const readIntroduction = (text: string): string => {
  const [, version, pid] = /^portcullis (\S{1,100}) pid (\d{1,10})\n/.exec(text.slice(0, MAX_LENGTH)) ?? [];
  return version === undefined ? 'something that does not say what it is' : `version ${version}, process ${pid ?? ''}`;
};
