import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressClass } from './address.ts'

const CORPUS: Record<'global' | 'private' | 'never', readonly string[]> = {
  global: ['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.0', '100.63.255.255', '100.128.0.0']
    .concat(['192.167.255.255', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001::200e'])
    .concat(['2001:4860:4860::8888', '2400:cb00::1']),
  private: ['127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255'].concat([
    '192.168.1.1',
    '100.64.0.1',
    '::1',
    '0:0:0:0:0:0:0:1',
    'fc00::1',
    'fdff:ffff::1',
  ]),
  never: ['0.0.0.0', '0.1.2.3', '169.254.169.254', '169.254.0.1', '192.0.0.1', '192.0.2.1']
    .concat(['192.88.99.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.9'])
    .concat(['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '::', 'fe80::1'])
    .concat(['fe80::1%eth0', '2606:4700::1%1', 'fec0::1', 'ff02::1', 'ff0e::1', '2001:db8::1'])
    .concat(['3fff::1', '2001::1', '2001:20::1', '100::1', '5f00::1', '4000::1', 'fd00::1%lo'])
    // metadata services at private addresses
    .concat(['100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'])
    // IPv4 inside IPv6: mapped, compatible, translated, NAT64 (well-known and local), 6to4, Teredo
    .concat(['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::127.0.0.1', '::8.8.8.8'])
    .concat(['::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::a00:1'])
    .concat(['2002:7f00:1::', '2002:a9fe:a9fe::1', '2001:0:7f00:1::1'])
    // not in the one textual form that is an address
    .concat([
      'localhost',
      '0x7f.1',
      '2130706433',
      '127.1',
      '0177.0.0.1',
      '127.0.0.1.',
      '',
      '[::1]',
    ]),
}

for (const [expected, addresses] of Object.entries(CORPUS)) {
  test(`${addresses.length} addresses are ${expected}`, () => {
    for (const address of addresses) assert.equal(addressClass(address), expected, address)
  })
}

test('no IPv6 address outside 2000::/3 and no IPv4 carrier inside it is global', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      if (addressClass(address) !== 'global') return
      assert.match(address, /^[23][0-9a-f]{3}:/i)
      assert.doesNotMatch(address, /^2002:|^2001:0*:/i)
    }),
  )
})
