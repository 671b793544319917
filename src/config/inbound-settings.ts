import { oneOf, readBetween, readNetworks, setting } from './setting.ts'

/** How requests reach the server, and what strangers may hold of it. */
export const INBOUND_SETTINGS = {
  plainHttp: setting(
    'REMIT_PLAIN_HTTP',
    'loopback',
    'Remit speaks plain HTTP; a proxy in front ends TLS. `loopback`: it listens on loopback addresses only, for a proxy on the same machine. `behind-proxy`: it may listen elsewhere, because nobody but a proxy that ends TLS can reach its ports.',
    oneOf('loopback', 'behind-proxy'),
  ),
  trustedProxies: setting(
    'REMIT_TRUSTED_PROXIES',
    '',
    'Addresses and networks of the proxies in front of this server, separated by commas. They are believed about the address of a client (the last one of `X-Forwarded-For` that is none of theirs), and no limit of one address counts for them. Empty: nobody is believed, and the limits leave out loopback.',
    readNetworks,
  ),
  maxConnections: setting(
    'REMIT_MAX_CONNECTIONS',
    '5000',
    'Connections that the issuer, and again the gateway, keeps open at once. A call that waits for people holds one.',
    readBetween(10, 1_000_000),
  ),
  maxConnectionsPerAddress: setting(
    'REMIT_MAX_CONNECTIONS_PER_ADDRESS',
    '500',
    'The same for one address. 0: no limit. A proxy on another machine has all connections: name it in REMIT_TRUSTED_PROXIES.',
    readBetween(0, 1_000_000),
  ),
  maxBodyMib: setting(
    'REMIT_MAX_BODY_MIB',
    '64',
    'Mebibytes of bodies that have not arrived whole, at the issuer and again at the gateway. One address has a quarter of it.',
    readBetween(4, 65_536),
  ),
} as const
