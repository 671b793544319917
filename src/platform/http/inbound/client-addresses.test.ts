import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, it } from 'node:test'
import { addressKey } from '../../lib/address-key.ts'
import { AddressQuota } from '../../lib/under-way/address-quota.ts'
import { ClientAddresses } from './client-addresses.ts'

function from(remoteAddress: string, ...forwarded: readonly string[]): IncomingMessage {
  const rawHeaders = forwarded.flatMap((value) => ['X-Forwarded-For', value])
  return { socket: { remoteAddress }, rawHeaders } as unknown as IncomingMessage // all that it looks at
}

describe('the address of a client', () => {
  it('is that of the connection, whatever a header says, where no proxy is named', () => {
    const addresses = new ClientAddresses()
    assert.equal(addresses.of(from('192.0.2.1', '203.0.113.9')), '192.0.2.1')
    assert.equal(addresses.of(from('::ffff:192.0.2.1')), '192.0.2.1')
    assert.equal(addresses.of(from('127.0.0.1', '203.0.113.9')), '127.0.0.1')
  })

  it('is what the last known proxy saw: what the client itself wrote before that counts nothing', () => {
    const addresses = new ClientAddresses(['10.0.0.0/8', '2001:db8::1', '127.0.0.1'])
    const told = '198.51.100.7, 203.0.113.9'
    assert.equal(addresses.of(from('10.1.2.3', told)), '203.0.113.9')
    assert.equal(
      addresses.of(from('::ffff:10.1.2.3', '198.51.100.7', '203.0.113.9')),
      '203.0.113.9',
    )
    assert.equal(addresses.of(from('2001:db8::1', `${told}, 10.9.9.9`)), '203.0.113.9')
    assert.equal(addresses.of(from('192.0.2.1', told)), '192.0.2.1', 'a stranger is no proxy')
    assert.equal(addresses.of(from('10.1.2.3')), '10.1.2.3')
    assert.equal(addresses.of(from('10.1.2.3', '203.0.113.9, unknown')), '10.1.2.3')
  })

  it('is looked for in the last 16 addresses of the list, however long it is', () => {
    const addresses = new ClientAddresses(['10.0.0.0/8'])
    const behind = (proxies: number) => {
      const hops = Array.from({ length: proxies }, (_, i) => `10.0.0.${i + 1}`)
      return addresses.of(from('10.1.2.3', ['203.0.113.9', ...hops].join(', ')))
    }
    assert.equal(behind(15), '203.0.113.9')
    assert.equal(behind(16), '10.0.0.1')
  })

  it('is counted by itself, but for proxies, and for loopback where no proxy is named', () => {
    const plain = new ClientAddresses()
    for (const ip of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.8.8.8']) {
      assert.equal(plain.keyOf(from(ip)), undefined)
      assert.equal(plain.keyOfConnection(ip), undefined)
    }
    const behind = new ClientAddresses(['127.0.0.1'])
    assert.equal(behind.keyOfConnection('127.0.0.1'), undefined)
    assert.equal(behind.keyOf(from('127.0.0.1', '203.0.113.9')), '203.0.113.9')
    assert.equal(behind.keyOfConnection('127.0.0.2'), '127.0.0.2')
    assert.equal(plain.keyOfConnection('2001:db8:1:2::3'), '2001:db8:1:2::/64')
  })

  it('has one key for an IPv6 network, and for IPv4 in IPv6 that of IPv4', () => {
    assert.equal(addressKey('::ffff:192.0.2.1'), '192.0.2.1')
    assert.equal(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64')
    assert.equal(addressKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
    assert.equal(addressKey('2001:0db8:1:2::9'), '2001:db8:1:2::/64')
  })
})

describe('what addresses hold', () => {
  it('is bounded in total and for each, and forgotten when it is given back', () => {
    const quota = new AddressQuota({ total: 10, perAddress: 4 })
    assert.equal(quota.take('a', 4), undefined)
    assert.equal(quota.take('a', 1), 'address')
    assert.equal(quota.take('b', 3), undefined)
    assert.equal(quota.take(undefined, 4), 'total')
    assert.equal(quota.take(undefined, 3), undefined)
    assert.equal(quota.take('b', 1), 'total')
    quota.give('a', 4)
    assert.equal(quota.addresses, 1)
    assert.equal(quota.take('b', 1), undefined)
    quota.give('b', 4)
    quota.give(undefined, 3)
    assert.deepEqual([quota.total, quota.addresses], [0, 0])
  })
})
