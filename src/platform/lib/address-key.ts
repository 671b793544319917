/** Normalises an address: without a zone, and IPv4 as IPv4 also when it is written as IPv6. */
export function plainAddress(ip: string): string {
  const address = ip.split('%')[0] ?? ''
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}

/**
 * Key of an address for counting: all of an IPv4 address; the /64 of an IPv6 address, which is what
 * one subscriber gets (RFC 6177).
 */
export function addressKey(ip: string): string {
  const address = plainAddress(ip)
  if (!address.includes(':')) return address
  const [front = '', back] = address.split('::')
  const head = front.split(':').filter((group) => group !== '')
  const tail = (back ?? '').split(':').filter((group) => group !== '')
  const zeros = back === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

export function isLoopbackAddress(ip: string): boolean {
  return ip === '::1' || ip.startsWith('127.')
}
