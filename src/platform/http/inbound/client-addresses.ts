import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { addressKey, isLoopbackAddress, plainAddress } from '../../lib/address-key.ts'
import { headerValues } from '../header-values.ts'

/** A proxy appends one address. A list that is longer was not written by the proxies that we know. */
const MAX_HOPS = 16

/**
 * Finds the client address of a request. A proxy that an administrator named is believed about the
 * address behind it (`X-Forwarded-For`); no other peer is. One key stands for all addresses of one
 * subscriber, so that a limit counts subscribers.
 */
export class ClientAddresses {
  readonly #named: boolean
  readonly #proxies = new BlockList()

  /** `proxies`: addresses, or networks such as `10.0.0.0/8`. */
  constructor(proxies: readonly string[] = []) {
    this.#named = proxies.length > 0
    for (const each of proxies) {
      const [address = '', bits] = each.split('/')
      const family = isIPv4(address) ? 'ipv4' : 'ipv6'
      if (bits === undefined) this.#proxies.addAddress(address, family)
      else this.#proxies.addSubnet(address, Number(bits), family)
    }
  }

  /**
   * Finds the address of the client: of the connection, or the one that the last known proxy says
   * it had its own connection from.
   */
  of(message: IncomingMessage): string {
    const peer = peerOf(message)
    if (!this.#named || !this.#isProxy(peer)) return peer
    const hops = headerValues(message, 'x-forwarded-for').join(',').split(',').slice(-MAX_HOPS)
    let client = peer
    for (const hop of hops.toReversed()) {
      const address = plainAddress(hop.trim())
      if (isIP(address) === 0) break
      client = address
      if (!this.#isProxy(address)) break
    }
    return client
  }

  /** Key under which the requests of a client are counted. `undefined`: not counted. */
  keyOf(message: IncomingMessage): string | undefined {
    return this.#key(this.of(message))
  }

  /**
   * Key under which a connection is counted: a proxy has one connection for each of its clients.
   */
  keyOfConnection(remoteAddress: string | undefined): string | undefined {
    return this.#key(plainAddress(remoteAddress ?? ''))
  }

  /**
   * A proxy is not counted: behind it are many clients. Where no proxy is named, loopback is not counted either: nothing but this
   * machine, or a proxy on it, speaks from there.
   */
  #key(address: string): string | undefined {
    const free = this.#named ? this.#isProxy(address) : isLoopbackAddress(address)
    return free ? undefined : addressKey(address)
  }

  #isProxy(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && this.#proxies.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

function peerOf({ socket }: IncomingMessage): string {
  return plainAddress(socket.remoteAddress ?? '')
}
