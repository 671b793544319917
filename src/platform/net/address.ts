import { BlockList, isIP } from 'node:net'

/**
 * `global`: reachable by anyone, so reaching it tells nothing about our network.
 * `private`: ours (loopback, RFC 1918, RFC 6598, unique local): only for origins an administrator registered.
 * `never`: everything else, for every caller: link-local (cloud metadata), multicast, documentation, reserved,
 * and every IPv6 form that carries an IPv4 address inside (mapped, compatible, 6to4, NAT64, Teredo),
 * so that no address has a second spelling that is judged differently.
 */
export type AddressClass = 'global' | 'private' | 'never'

type Subnet = readonly [network: string, prefix: number]

const PRIVATE_4: readonly Subnet[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
]

/** IANA IPv4 special-purpose registry, without the private ranges above. */
const NEVER_4: readonly Subnet[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

const PRIVATE_6: readonly Subnet[] = [
  ['::1', 128],
  ['fc00::', 7],
]

/** RFC 4291 section 2.5.4: the only space from which global unicast is assigned. */
const GLOBAL_6: readonly Subnet[] = [['2000::', 3]]

/** Instance metadata services that clouds put at private addresses: they hand out credentials to every caller. */
const METADATA_4: readonly Subnet[] = [['100.100.100.200', 32]]
const METADATA_6: readonly Subnet[] = [
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
]

/** IANA IPv6 special-purpose registry, as far as it lies inside 2000::/3. */
const NEVER_6: readonly Subnet[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]

function listOf(family: 'ipv4' | 'ipv6', subnets: readonly Subnet[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family)
  return list
}

const private4 = listOf('ipv4', PRIVATE_4)
const never4 = listOf('ipv4', [...NEVER_4, ...METADATA_4])
const private6 = listOf('ipv6', PRIVATE_6)
const global6 = listOf('ipv6', GLOBAL_6)
const never6 = listOf('ipv6', [...NEVER_6, ...METADATA_6])

/** Classifies an address in text form. A text that is no address, or has a zone, is `never`. */
export function addressClass(address: string): AddressClass {
  if (address.includes('%')) return 'never'
  switch (isIP(address)) {
    case 4:
      if (never4.check(address, 'ipv4')) return 'never'
      return private4.check(address, 'ipv4') ? 'private' : 'global'
    case 6:
      if (never6.check(address, 'ipv6')) return 'never'
      if (private6.check(address, 'ipv6')) return 'private'
      return global6.check(address, 'ipv6') ? 'global' : 'never'
    default:
      return 'never'
  }
}
