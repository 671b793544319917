import {
  oneOf,
  optional,
  readBetween,
  readNetworks,
  setting,
  textSetting,
} from '../../platform/lib/setting.ts'

/** Settings of how requests reach the server, and what strangers may hold of it. */
export const INBOUND_SETTINGS = {
  plainHttp: setting(
    'REMIT_PLAIN_HTTP',
    'loopback',
    'Without REMIT_TLS_CERTIFICATE Remit speaks plain HTTP, and a proxy in front ends TLS. `loopback`: Remit listens on loopback addresses only, for a proxy on the same machine. `behind-proxy`: it may listen on other addresses, because only a proxy that ends TLS can reach its ports.',
    oneOf('loopback', 'behind-proxy'),
  ),
  tlsCertificate: optional(
    'REMIT_TLS_CERTIFICATE',
    'File with the certificate for the names of issuer and gateway, and its chain (PEM). Remit then speaks TLS itself at REMIT_LISTEN and REMIT_GATEWAY_LISTEN. It reads the file again every 10 seconds, so a renewed certificate needs no restart. Not set: a proxy ends TLS.',
    textSetting,
  ),
  tlsKey: optional(
    'REMIT_TLS_KEY',
    'File with the private key of that certificate (PEM).',
    textSetting,
  ),
  trustedProxies: setting(
    'REMIT_TRUSTED_PROXIES',
    '',
    'Addresses and networks of the proxies in front of Remit, separated by commas. Remit trusts their `X-Forwarded-For` (the last address that is not a proxy is the client), and applies no limit per address to them. Empty: the header is ignored, and the limits exclude loopback.',
    readNetworks,
  ),
  maxConnections: setting(
    'REMIT_MAX_CONNECTIONS',
    '5000',
    'Maximum number of open connections, for the issuer, for the gateway and for each address that gateways of others ask at. A call that waits for approval holds one.',
    readBetween(10, 1_000_000),
  ),
  maxConnectionsPerAddress: setting(
    'REMIT_MAX_CONNECTIONS_PER_ADDRESS',
    '500',
    'Maximum number of open connections of one client address. 0: no limit. If a proxy on another machine holds all connections, set REMIT_TRUSTED_PROXIES.',
    readBetween(0, 1_000_000),
  ),
  maxWorking: setting(
    'REMIT_MAX_WORKING',
    '400',
    'Maximum number of requests of programs that one process works on at once, for the issuer (tokens, questions about tokens and of enforcement points), for the gateway, and for gateways of others that ask over HTTP. Beyond it the answer is 503 with `Retry-After`, before body, credential and proof are looked at. One credential may use half of it. Calls that wait for an API or a person do not count; pages, health checks and revocation are never refused.',
    readBetween(1, 100_000),
  ),
  upstreamConnections: setting(
    'REMIT_UPSTREAM_CONNECTIONS',
    '128',
    'Maximum number of connections of one process to one API or MCP server; each carries one call at a time. Of the last quarter no task, person or agent gets more than an equal share. A call that finds none waits half a second. More for APIs that answer slowly or stream, if they can take it.',
    readBetween(8, 10_000),
  ),
  maxBodyMib: setting(
    'REMIT_MAX_BODY_MIB',
    '64',
    'Maximum size, in MiB, of all incomplete request bodies together, for the issuer, for the gateway and for gateways of others that ask over HTTP. One client address may use a quarter of it.',
    readBetween(4, 65_536),
  ),
  maxUploadMib: setting(
    'REMIT_MAX_UPLOAD_MIB',
    '256',
    'Maximum size, in MiB, of one body of files, text or bytes through the gateway. Such bodies wait in the data directory, encrypted, while their calls are decided: at most four of this size in all, two of each agent, and one of the tasks for one person.',
    readBetween(1, 65_536),
  ),
} as const
