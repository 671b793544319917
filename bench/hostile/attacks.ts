import type { Socket } from 'node:net'

/** Origin that a stranger sends to: the issuer's or the gateway's. */
export type Target = 'issuer' | 'gateway'

/**
 * Attack that anybody can make on an open port. `send` writes; whoever calls it ends the
 * connection.
 */
export interface Attack {
  readonly name: string
  readonly to: Target
  /** Time that the connection is held when the server does not end it, in milliseconds. */
  readonly holds: number
  send(socket: Socket, host: string): void
}

const MIB = 1_048_576
const JSON_TYPE = 'Content-Type: application/json\r\n'
const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded\r\n'
const GARBAGE = 'Authorization: Bearer nobody\r\n'
const ONE_BYTE_CHUNKS = Buffer.from('1\r\na\r\n'.repeat(10_000))
const TEXT = Buffer.alloc(MIB, 'a')
/** Number of pieces, more than the server takes of one connection, and than kernels hold. */
const PIECES = 100

/** Every place that takes a body, and with what a stranger gets as far as possible there. */
const BODIES: readonly (readonly [Target, string, string])[] = [
  ['gateway', 'POST /orders/orders/1042/refunds', JSON_TYPE + GARBAGE],
  ['issuer', 'POST /api/v1/session', JSON_TYPE],
  ['issuer', 'POST /v1/calls', JSON_TYPE + GARBAGE],
  ['issuer', 'POST /v1/tasks/tsk_x/children', JSON_TYPE + GARBAGE],
  ['issuer', 'PUT /api/v1/resources/orders', JSON_TYPE + GARBAGE],
  ['issuer', 'POST /access/v1/evaluation', JSON_TYPE + GARBAGE],
  ['issuer', 'POST /oauth/token', FORM_TYPE],
  ['issuer', 'POST /oauth/par', FORM_TYPE],
  ['issuer', 'POST /oauth/introspect', FORM_TYPE],
  ['issuer', 'POST /oauth/register', JSON_TYPE],
  ['issuer', 'POST /sign-in', FORM_TYPE],
]

const FORMS = {
  token: 'grant_type=client_credentials&client_id=refund-bot&client_assertion=x.y.z',
  par: 'client_id=https%3A%2F%2Fnobody.example%2Fclient&response_type=code',
  ciba: 'client_id=refund-bot&client_assertion=x.y.z&login_hint=sam%40example.com&purpose=x',
}

/** Small requests, in any number. */
const SMALL: readonly (readonly [Target, string, string, string])[] = [
  ['gateway', 'GET /orders/orders/1042', GARBAGE, ''],
  ['gateway', 'GET /orders/orders/1042', '', ''],
  ['gateway', 'POST /orders/orders/1042/refunds', JSON_TYPE + GARBAGE, '{"amount":"1.00"}'],
  ['gateway', 'GET /.well-known/oauth-protected-resource/orders', '', ''],
  ['issuer', 'GET /', '', ''],
  ['issuer', 'GET /sign-in', '', ''],
  ['issuer', 'GET /oauth/authorize?client_id=x', '', ''],
  ['issuer', 'GET /.well-known/oauth-authorization-server', '', ''],
  ['issuer', 'POST /oauth/token', FORM_TYPE, FORMS.token],
  ['issuer', 'POST /oauth/par', FORM_TYPE, FORMS.par],
  ['issuer', 'POST /oauth/bc-authorize', FORM_TYPE, FORMS.ciba],
  ['issuer', 'POST /oauth/introspect', FORM_TYPE + GARBAGE, 'token=x'],
  ['issuer', 'POST /oauth/register', JSON_TYPE, '{"redirect_uris":["http://127.0.0.1/"]}'],
  ['issuer', 'POST /access/v1/evaluation', JSON_TYPE + GARBAGE, '{}'],
  ['issuer', 'GET /api/v1/decisions', GARBAGE, ''],
]

function head(line: string, host: string, fields: string): string {
  return `${line} HTTP/1.1\r\nHost: ${host}\r\n${fields}`
}

export const ATTACKS: readonly Attack[] = [
  ...BODIES.flatMap(([to, line, fields]): Attack[] => [
    {
      ...{ name: `one-byte chunks, ${line}`, to, holds: 2_000 },
      send(socket, host) {
        socket.write(`${head(line, host, fields)}Transfer-Encoding: chunked\r\n\r\n`)
        for (let i = 0; i < PIECES; i++) socket.write(ONE_BYTE_CHUNKS)
      },
    },
    {
      ...{ name: `a body without its end, ${line}`, to, holds: 10_000 },
      send(socket, host) {
        const length = line.includes('/oauth/') ? 100_000 : MIB
        socket.write(`${head(line, host, fields)}Content-Length: ${length}\r\n\r\n`)
        socket.write(TEXT.subarray(0, length - 10))
      },
    },
    {
      ...{ name: `a large body, ${line}`, to, holds: 2_000 },
      send(socket, host) {
        const body = Buffer.concat([Buffer.from('{"note":"'), TEXT.subarray(20), Buffer.from('"}')])
        socket.write(`${head(line, host, fields)}Content-Length: ${body.length}\r\n\r\n`)
        socket.write(body)
      },
    },
  ]),
  ...SMALL.map(([to, line, fields, body]): Attack => {
    const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`
    return {
      ...{ name: `small, ${line}`, to, holds: 2_000 },
      // Twenty at once on a connection, and then it is over.
      send(socket, host) {
        const one = `${head(line, host, fields)}${length}\r\n${body}`
        const last = `${head(line, host, fields)}${length}Connection: close\r\n\r\n${body}`
        socket.write(one.repeat(19) + last)
      },
    }
  }),
  ...(['issuer', 'gateway'] as const).flatMap((to): Attack[] => [
    { name: 'a connection and nothing more', to, holds: 10_000, send() {} },
    {
      ...{ name: 'half a head', to, holds: 10_000 },
      send: (socket, host) => void socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: `),
    },
    {
      ...{ name: 'a head of 64 kB', to, holds: 2_000 },
      send: (socket, host) =>
        void socket.write(head('GET /', host, `X-A: ${'a'.repeat(65_536)}\r\n\r\n`)),
    },
  ]),
]
