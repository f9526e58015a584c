/** Rules in the shape that other engines give them, written for this bench after what the engines do on a node. */

const table = (name: string, ...lines: readonly string[]): string => [`*${name}`, ...lines, 'COMMIT', ''].join('\n');

/** As many Services as a small cluster has, as kube-proxy writes them in mode iptables. */
export const kubeProxy = (services: number): string => {
  const each = Array.from({ length: services }, (_, at) => at);
  const ip = (at: number): string => `10.96.${at >> 8}.${at & 255}`;
  return [
    table(
      'nat',
      ':KUBE-SERVICES - [0:0]',
      ':KUBE-POSTROUTING - [0:0]',
      ':KUBE-MARK-MASQ - [0:0]',
      ':KUBE-NODEPORTS - [0:0]',
      ...each.flatMap((at) => [`:KUBE-SVC-${at} - [0:0]`, `:KUBE-SEP-${at}A - [0:0]`, `:KUBE-SEP-${at}B - [0:0]`]),
      '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
      '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
      '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
      '-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000',
      '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
      ...each.flatMap((at) => [
        `-A KUBE-SERVICES -d ${ip(at)}/32 -p tcp -m comment --comment "shop/svc${at}:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-${at}`,
        `-A KUBE-SVC-${at} -m statistic --mode random --probability 0.5 -j KUBE-SEP-${at}A`,
        `-A KUBE-SVC-${at} -j KUBE-SEP-${at}B`,
        `-A KUBE-SEP-${at}A -p tcp -m tcp -j DNAT --to-destination 10.244.7.${at & 127}:8080`,
        `-A KUBE-SEP-${at}B -p tcp -m tcp -j DNAT --to-destination 10.244.8.${at & 127}:8080`,
      ]),
      '-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    ),
    table(
      'filter',
      ':KUBE-FORWARD - [0:0]',
      ':KUBE-FIREWALL - [0:0]',
      '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
      '-A OUTPUT -j KUBE-FIREWALL',
      '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
      '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
      '-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT',
      '-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ),
    table('mangle', ':KUBE-IPTABLES-HINT - [0:0]', ':KUBE-KUBELET-CANARY - [0:0]', ':KUBE-PROXY-CANARY - [0:0]'),
  ].join('');
};

/** Felix, the iptables dataplane of Calico: it needs the sets in engines.ts. */
export const CALICO = [
  table(
    'raw',
    ':cali-PREROUTING - [0:0]',
    ':cali-OUTPUT - [0:0]',
    '-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING',
    '-A OUTPUT -m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT',
    '-A cali-PREROUTING -m comment --comment "cali:XFX5xbM8B9qR10JG" -j MARK --set-xmark 0x0/0xf0000',
    '-A cali-PREROUTING -i cali+ -m comment --comment "cali:EWMPb0zVROM-woQp" -j MARK --set-xmark 0x40000/0x40000',
    '-A cali-PREROUTING -m mark --mark 0x40000/0x40000 -m rpfilter --validmark --invert -j DROP',
    '-A cali-PREROUTING -m mark --mark 0x10000/0x10000 -j ACCEPT',
  ),
  table(
    'mangle',
    ':cali-PREROUTING - [0:0]',
    ':cali-POSTROUTING - [0:0]',
    '-A PREROUTING -j cali-PREROUTING',
    '-A POSTROUTING -j cali-POSTROUTING',
    '-A cali-PREROUTING -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A cali-POSTROUTING -m mark --mark 0x10000/0x10000 -j RETURN',
    '-A cali-POSTROUTING -m conntrack --ctstate DNAT -j MARK --set-xmark 0x0/0xf0000',
  ),
  table(
    'filter',
    ':cali-FORWARD - [0:0]',
    ':cali-from-wl-dispatch - [0:0]',
    ':cali-to-wl-dispatch - [0:0]',
    ':cali-cidr-block - [0:0]',
    ':cali-tw-cali01 - [0:0]',
    ':cali-pi-_Kq1 - [0:0]',
    '-I FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD',
    '-A FORWARD -m comment --comment "cali:S93hcgKJrXEqnTfs" -m mark --mark 0x10000/0x10000 -j ACCEPT',
    '-A FORWARD -m comment --comment "cali:mp77cMpurHhyjLrM" -j MARK --set-xmark 0x10000/0x10000',
    '-A cali-FORWARD -m comment --comment "cali:vjrMJCRpqwy5oRoX" -j MARK --set-xmark 0x0/0xe0000',
    '-A cali-FORWARD -i cali+ -j cali-from-wl-dispatch',
    '-A cali-FORWARD -o cali+ -j cali-to-wl-dispatch',
    '-A cali-FORWARD -j cali-cidr-block',
    '-A cali-to-wl-dispatch -o cali01 -g cali-tw-cali01',
    '-A cali-to-wl-dispatch -m comment --comment "Unknown interface" -j DROP',
    '-A cali-tw-cali01 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A cali-tw-cali01 -m conntrack --ctstate INVALID -j DROP',
    '-A cali-tw-cali01 -j cali-pi-_Kq1',
    '-A cali-tw-cali01 -m comment --comment "Drop if no profiles matched" -j DROP',
    '-A cali-pi-_Kq1 -p tcp -m set --match-set cali40s:abc src -m multiport --dports 80,443 -j MARK --set-xmark 0x10000/0x10000',
  ),
].join('');

/** kube-router, with a pod and a policy: it needs the sets in engines.ts. */
export const KUBE_ROUTER = table(
  'filter',
  ':KUBE-ROUTER-FORWARD - [0:0]',
  ':KUBE-ROUTER-INPUT - [0:0]',
  ':KUBE-ROUTER-OUTPUT - [0:0]',
  ':KUBE-POD-FW-ABCDEFGH - [0:0]',
  ':KUBE-NWPLCY-IJKLMNOP - [0:0]',
  ':KUBE-NWPLCY-DEFAULT - [0:0]',
  '-I FORWARD -m comment --comment "kube-router netpol - TEMCG2JMVZWTQU3F" -j KUBE-ROUTER-FORWARD',
  '-I INPUT -j KUBE-ROUTER-INPUT',
  '-I OUTPUT -j KUBE-ROUTER-OUTPUT',
  '-A KUBE-ROUTER-FORWARD -d 10.244.9.9/32 -m comment --comment "rule to jump traffic destined to POD name:x" -j KUBE-POD-FW-ABCDEFGH',
  '-A KUBE-ROUTER-FORWARD -m physdev --physdev-is-bridged -d 10.244.9.9/32 -j KUBE-POD-FW-ABCDEFGH',
  '-A KUBE-ROUTER-FORWARD -m comment --comment "rule to explicitly ACCEPT traffic that comply to network policies" -m mark --mark 0x20000/0x20000 -j ACCEPT',
  '-A KUBE-POD-FW-ABCDEFGH -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A KUBE-POD-FW-ABCDEFGH -m addrtype --src-type LOCAL -d 10.244.9.9/32 -j ACCEPT',
  '-A KUBE-POD-FW-ABCDEFGH -j KUBE-NWPLCY-IJKLMNOP',
  '-A KUBE-POD-FW-ABCDEFGH -m mark ! --mark 0x10000/0x10000 -m limit --limit 10/min --limit-burst 10 -j NFLOG --nflog-group 100',
  '-A KUBE-POD-FW-ABCDEFGH -m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with icmp-port-unreachable',
  '-A KUBE-POD-FW-ABCDEFGH -j MARK --set-xmark 0x0/0x10000',
  '-A KUBE-POD-FW-ABCDEFGH -j MARK --set-xmark 0x20000/0x20000',
  '-A KUBE-NWPLCY-IJKLMNOP -m set --match-set KUBE-SRC-QRSTUVWX src -m set --match-set KUBE-DST-YZABCDEF dst -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x10000/0x10000',
);

/** Cilium, with what it leaves to iptables. */
export const CILIUM = [
  table(
    'mangle',
    ':CILIUM_PRE_mangle - [0:0]',
    ':CILIUM_POST_mangle - [0:0]',
    '-A PREROUTING -m comment --comment "cilium-feeder: CILIUM_PRE_mangle" -j CILIUM_PRE_mangle',
    '-A POSTROUTING -m comment --comment "cilium-feeder: CILIUM_POST_mangle" -j CILIUM_POST_mangle',
    '-A CILIUM_PRE_mangle -m socket --transparent -m mark ! --mark 0xe00/0xf00 -j MARK --set-xmark 0x200/0xffffffff',
    '-A CILIUM_PRE_mangle -p tcp -m mark --mark 0x3a8b0200 -j TPROXY --on-port 35642 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff',
  ),
  table(
    'raw',
    ':CILIUM_PRE_raw - [0:0]',
    ':CILIUM_OUTPUT_raw - [0:0]',
    '-A PREROUTING -j CILIUM_PRE_raw',
    '-A OUTPUT -j CILIUM_OUTPUT_raw',
    '-A CILIUM_PRE_raw -m mark --mark 0x200/0xf00 -j CT --notrack',
    '-A CILIUM_OUTPUT_raw -o lxc+ -m mark --mark 0xa00/0xfffffeff -j CT --notrack',
  ),
  table(
    'filter',
    ':CILIUM_FORWARD - [0:0]',
    ':CILIUM_INPUT - [0:0]',
    '-I FORWARD -m comment --comment "cilium-feeder: CILIUM_FORWARD" -j CILIUM_FORWARD',
    '-I INPUT -j CILIUM_INPUT',
    '-A CILIUM_FORWARD -o cilium_host -m comment --comment "cilium: any->cluster on cilium_host forward accept" -j ACCEPT',
    '-A CILIUM_FORWARD -i lxc+ -j ACCEPT',
    '-A CILIUM_INPUT -m mark --mark 0x200/0xf00 -j ACCEPT',
  ),
].join('');

/** Docker 28, with one published port. */
export const DOCKER = [
  table(
    'nat',
    ':DOCKER - [0:0]',
    '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
    '-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER',
    '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    '-A DOCKER -i docker0 -j RETURN',
    '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
  ),
  table(
    'filter',
    ':DOCKER - [0:0]',
    ':DOCKER-FORWARD - [0:0]',
    ':DOCKER-BRIDGE - [0:0]',
    ':DOCKER-CT - [0:0]',
    ':DOCKER-ISOLATION-STAGE-1 - [0:0]',
    ':DOCKER-ISOLATION-STAGE-2 - [0:0]',
    ':DOCKER-USER - [0:0]',
    '-I FORWARD -j DOCKER-FORWARD',
    '-I FORWARD -j DOCKER-USER',
    '-A DOCKER-FORWARD -j DOCKER-CT',
    '-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1',
    '-A DOCKER-FORWARD -j DOCKER-BRIDGE',
    '-A DOCKER-FORWARD -i docker0 -j ACCEPT',
    '-A DOCKER-BRIDGE -o docker0 -j DOCKER',
    '-A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2',
    '-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP',
    '-A DOCKER-USER -j RETURN',
  ),
].join('');

/** ufw, which logs and limits. */
export const UFW = table(
  'filter',
  ':ufw-before-forward - [0:0]',
  ':ufw-user-forward - [0:0]',
  ':ufw-track-forward - [0:0]',
  ':ufw-before-input - [0:0]',
  ':ufw-logging-deny - [0:0]',
  '-A FORWARD -j ufw-before-forward',
  '-A FORWARD -j ufw-track-forward',
  '-A INPUT -j ufw-before-input',
  '-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A ufw-before-forward -p icmp -m icmp --icmp-type 8 -j ACCEPT',
  '-A ufw-before-forward -j ufw-user-forward',
  '-A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny',
  '-A ufw-before-input -p tcp -m tcp --dport 22 -m recent --set --name SSH --rsource',
  '-A ufw-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "',
);

/** firewalld, with its tables of nftables and the zone of pods trusted. */
export const FIREWALLD = `
table inet firewalld {
  ct helper helper-ftp-tcp { type "ftp" protocol tcp; }
  chain mangle_PREROUTING { type filter hook prerouting priority -140; policy accept; jump mangle_PREROUTING_ZONES; }
  chain mangle_PREROUTING_ZONES { iifname "eth0" goto mangle_PRE_public; goto mangle_PRE_trusted; }
  chain mangle_PRE_public { meta mark != 0 return; }
  chain mangle_PRE_trusted { return; }
  chain filter_PREROUTING {
    type filter hook prerouting priority 10; policy accept;
    icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
    meta nfproto ipv6 fib saddr . mark . iif oif missing drop
  }
  chain filter_INPUT {
    type filter hook input priority 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
  }
  chain filter_FORWARD {
    type filter hook forward priority 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    ip6 daddr { ::/96, ::ffff:0.0.0.0/96 } reject with icmpv6 type addr-unreachable
    jump filter_FORWARD_ZONES
  }
  chain filter_FORWARD_ZONES { goto filter_FWD_trusted; }
  chain filter_FWD_trusted { accept; }
}
`;

/** kube-proxy in mode nftables. */
export const KUBE_PROXY_NFT = `
table ip kube-proxy {
  set cluster-ips { type ipv4_addr; elements = { 10.96.0.1, 10.96.0.10 }; }
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.96.0.1 . tcp . 443 : goto service-default_kubernetes, 10.96.0.10 . udp . 53 : goto service-dns }
  }
  map no-endpoint-services { type ipv4_addr . inet_proto . inet_service : verdict; }
  chain service-default_kubernetes {
    numgen random mod 2 vmap { 0 : goto endpoint-a, 1 : goto endpoint-b }
  }
  chain service-dns { goto endpoint-b; }
  chain endpoint-a { meta l4proto tcp dnat to 172.18.0.2:6443; }
  chain endpoint-b { meta l4proto tcp dnat to 172.18.0.3:6443; }
  chain services { ip daddr . meta l4proto . th dport vmap @service-ips; }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain nat-output { type nat hook output priority -100; policy accept; jump services; }
  chain masquerading { mark and 0x4000 != 0 mark set mark xor 0x4000 masquerade fully-random; }
  chain nat-postrouting { type nat hook postrouting priority srcnat; policy accept; jump masquerading; }
  chain filter-forward { type filter hook forward priority -110; policy accept; ct state new jump cluster-ips-check; }
  chain cluster-ips-check { ip daddr @cluster-ips reject; }
}
`;

/** kindnet's own policies and fast path, as its newer versions have them, with nobody's pods in them. */
export const KINDNET = `
table inet kindnet-network-policies {
  set podips-v4 { type ipv4_addr; elements = { 10.244.9.9 }; }
  set podips-v6 { type ipv6_addr; }
  chain forward {
    type filter hook forward priority -5; policy accept;
    ct state established,related accept
    ip saddr @podips-v4 meta mark set 0x102 return
    ip daddr @podips-v4 meta mark set 0x102 return
    ip6 saddr @podips-v6 meta mark set 0x102 return
  }
}
`;
