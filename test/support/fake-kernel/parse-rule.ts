import type { IpFamily } from '../../../src/model/family.ts';
import { requireAddress, requireBlock } from './addresses.ts';
import { Refusal } from './refusal.ts';
import type { FakeMatch, FakeRule, FakeTarget } from './rule.ts';

const MAX_CHAIN = 28;
const MAX_INTERFACE = 15;
const MAX_COMMENT = 255;
const MAX_NFLOG_PREFIX = 63;
const MULTIPORT_PLACES = 15;
const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
const CT_STATES = ['INVALID', 'NEW', 'ESTABLISHED', 'RELATED', 'UNTRACKED'];
const PROTOCOLS: Readonly<Record<IpFamily, readonly string[]>> = {
  ipv4: ['tcp', 'udp', 'sctp', 'icmp', 'ipencap', 'ipv6', 'gre'],
  ipv6: ['tcp', 'udp', 'sctp', 'ipv6-icmp', 'ipencap', 'ipv6', 'gre'],
};

/** The options of each match extension, by the module that `-m` must have named before. */
const MODULE_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  tcp: ['--sport', '--dport', '--tcp-flags'],
  udp: ['--dport'],
  sctp: ['--dport'],
  multiport: ['--dports'],
  set: ['--match-set'],
  conntrack: ['--ctstate', '--ctorigsrc', '--ctorigdst', '--ctreplsrc'],
  icmp: ['--icmp-type'],
  icmp6: ['--icmpv6-type'],
  hl: ['--hl-eq'],
  addrtype: ['--src-type', '--dst-type'],
  rpfilter: ['--invert'],
  comment: ['--comment'],
  limit: ['--limit', '--limit-burst'],
};

/** Modules that need an option of their own. */
const NEEDY_MODULES = ['multiport', 'set', 'conntrack', 'hl', 'addrtype', 'comment'];

const port = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new Refusal(`invalid port/service \`${text}' specified`);
  return value;
};

const portRange = (text: string): readonly [number, number] => {
  const [from = '', to = from, ...more] = text.split(':');
  const range = [port(from), port(to)] as const;
  if (more.length > 0 || range[0] > range[1]) throw new Refusal(`invalid portrange (min > max): ${text}`);
  return range;
};

const listOf = (text: string, known: readonly string[]): readonly string[] => {
  const words = text.split(',');
  const odd = words.find((word) => !known.includes(word));
  if (odd !== undefined) throw new Refusal(`unknown word ${odd}`);
  return words;
};

/**
 * Parses the arguments of one rule. @throws Refusal for everything that the tools refuse, and for formats that they
 * would change
 */
export const parseRule = (args: readonly string[], text: string, family: IpFamily): FakeRule => {
  const matches: FakeMatch[] = [];
  const modules: string[] = [];
  let target: FakeTarget | undefined;
  let protocol: string | undefined;
  let nflog = false;
  let negated = false;
  let at = 0;

  const next = (option: string): string => {
    const value = args[at];
    at += 1;
    if (value === undefined) throw new Refusal(`option ${option} requires an argument`);
    return value;
  };
  const takeNegation = (): boolean => {
    const was = negated;
    negated = false;
    return was;
  };
  const requireProtocol = (option: string, wanted: readonly string[]): void => {
    if (protocol === undefined || !wanted.includes(protocol))
      throw new Refusal(`${option} needs -p ${wanted.join('|')}`);
  };
  const lead = (kind: 'jump' | 'goto', name: string): void => {
    if (target !== undefined) throw new Refusal('multiple targets');
    if (name.length > MAX_CHAIN) throw new Refusal(`chain name \`${name}' too long (must be under 29 chars)`);
    if (kind === 'jump' && (name === 'ACCEPT' || name === 'DROP' || name === 'RETURN')) {
      target = { kind: 'verdict', verdict: name };
    } else if (kind === 'jump' && name === 'NFLOG') {
      target = { kind: 'log' };
      nflog = true;
    } else target = { kind, chain: name };
  };

  const options: Readonly<Record<string, (option: string) => void>> = {
    '-s': (option) => address('source', next(option)),
    '-d': (option) => address('destination', next(option)),
    '-i': (option) => interfaceName('in interface', next(option)),
    '-o': (option) => interfaceName('out interface', next(option)),
    '-p': (option) => {
      const inverted = takeNegation();
      const name = next(option);
      if (!PROTOCOLS[family].includes(name)) throw new Refusal(`unknown protocol "${name}" specified`);
      matches.push({ kind: 'protocol', protocol: name, negated: inverted });
      // A module's options about ports need the protocol itself.
      if (!inverted) protocol = name;
    },
    '-m': (option) => {
      const name = next(option);
      if (!Object.hasOwn(MODULE_OPTIONS, name)) throw new Refusal(`Couldn't load match \`${name}'`);
      modules.push(name);
    },
    '-j': (option) => lead('jump', next(option)),
    '-g': (option) => lead('goto', next(option)),
    '--sport': (option) => {
      requireProtocol(option, modules.slice(-1));
      matches.push({ kind: 'sports', ranges: [portRange(next(option))] });
    },
    '--dport': (option) => {
      requireProtocol(option, modules.slice(-1));
      matches.push({ kind: 'dports', ranges: [portRange(next(option))] });
    },
    '--dports': (option) => {
      requireProtocol(option, ['tcp', 'udp', 'sctp']);
      const words = next(option).split(',');
      const ranges = words.map(portRange);
      const places = words.reduce((sum, word) => sum + (word.includes(':') ? 2 : 1), 0);
      if (places > MULTIPORT_PLACES) throw new Refusal('too many ports specified');
      matches.push({ kind: 'dports', ranges });
    },
    '--tcp-flags': (option) => {
      requireProtocol(option, ['tcp']);
      const inverted = takeNegation();
      const mask = listOf(next(option), TCP_FLAGS);
      matches.push({ kind: 'tcp flags', mask, set: listOf(next(option), TCP_FLAGS), negated: inverted });
    },
    '--match-set': (option) => {
      const inverted = takeNegation();
      const set = next(option);
      matches.push({ kind: 'set', set, fields: listOf(next(option), ['src', 'dst']), negated: inverted });
    },
    '--ctstate': (option) => {
      matches.push({ kind: 'ctstate', states: listOf(next(option), CT_STATES) });
    },
    '--ctorigsrc': (option) => connectionAddress('origsrc', next(option)),
    '--ctorigdst': (option) => connectionAddress('origdst', next(option)),
    '--ctreplsrc': (option) => connectionAddress('replsrc', next(option)),
    '--icmp-type': (option) => icmpType(option, 'icmp'),
    '--icmpv6-type': (option) => icmpType(option, 'ipv6-icmp'),
    '--hl-eq': (option) => {
      const limit = next(option);
      if (family !== 'ipv6' || !/^\d{1,3}$/.test(limit) || Number(limit) > 255) throw new Refusal('bad hop limit');
      matches.push({ kind: 'hop limit', equals: Number(limit) });
    },
    '--src-type': (option) => {
      listOf(next(option), ['LOCAL']);
      matches.push({ kind: 'local source' });
    },
    '--dst-type': (option) => {
      listOf(next(option), ['LOCAL']);
      matches.push({ kind: 'local destination' });
    },
    '--invert': () => {
      matches.push({ kind: 'unrouted source' });
    },
    '--comment': (option) => {
      if (Buffer.byteLength(next(option)) > MAX_COMMENT) throw new Refusal('comment too long');
    },
    '--limit': (option) => {
      if (!/^[1-9]\d*\/(?:sec|min|hour|day)$/.test(next(option))) throw new Refusal('bad rate');
    },
    '--limit-burst': (option) => {
      if (!/^[1-9]\d*$/.test(next(option))) throw new Refusal('bad burst');
    },
    '--nflog-prefix': (option) => {
      if (Buffer.byteLength(next(option)) > MAX_NFLOG_PREFIX) throw new Refusal('prefix too long');
    },
    '--nflog-group': (option) => {
      if (!/^\d+$/.test(next(option))) throw new Refusal('bad group');
    },
  };

  const address = (kind: 'source' | 'destination', block: string): void => {
    requireBlock(block, family, 1);
    matches.push({ kind, block, negated: takeNegation() });
  };

  const interfaceName = (kind: 'in interface' | 'out interface', name: string): void => {
    if (!/^[^\s/!+]{1,15}\+?$/.test(name) || name.length > MAX_INTERFACE) throw new Refusal(`bad interface ${name}`);
    matches.push({ kind, name, negated: takeNegation() });
  };

  const connectionAddress = (field: 'origsrc' | 'origdst' | 'replsrc', text: string): void => {
    requireAddress(text, family);
    matches.push({ kind: 'connection address', field, address: text, negated: takeNegation() });
  };

  const icmpType = (option: string, protocolName: string): void => {
    requireProtocol(option, [protocolName]);
    const type = next(option);
    if (!/^\d{1,3}$/.test(type) || Number(type) > 255) throw new Refusal(`Invalid ICMP type \`${type}'`);
    matches.push({ kind: 'icmp type', type: Number(type) });
  };

  const loaded = (option: string): boolean => {
    if (option.startsWith('--nflog-')) return nflog;
    return !option.startsWith('--') || modules.some((module) => MODULE_OPTIONS[module]?.includes(option));
  };

  while (at < args.length) {
    const option = next('');
    if (option === '!') {
      negated = true;
      continue;
    }
    const read = options[option];
    if (read === undefined || !loaded(option)) throw new Refusal(`unknown option "${option}"`);
    read(option);
    if (negated) throw new Refusal(`"!" is not understood before ${option}`);
  }
  if (negated) throw new Refusal('a rule cannot end in "!"');
  const needy = modules.find(
    (module) => NEEDY_MODULES.includes(module) && !MODULE_OPTIONS[module]?.some((option) => args.includes(option)),
  );
  if (needy !== undefined) throw new Refusal(`${needy}: option ${String(MODULE_OPTIONS[needy])} must be specified`);
  return { text, matches, target };
};
