import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'

/**
 * `session`: who is signed in. `sign_in`: a sign-in under way. `setup`: the one-time link that a sign-in is for. `browser`: what
 * a client's request at the authorization endpoint is bound to. `zone`: where the browser is.
 */
export type CookieName = 'session' | 'sign_in' | 'setup' | 'browser' | 'zone'

export interface Cookies {
  /**
   * Reads the value; `undefined` when it is absent, malformed, or there twice (someone else planted
   * one).
   */
  read(request: IncomingMessage, name: CookieName): string | undefined
  /**
   * Sets the cookie. `value` is base64url text or ours in that alphabet with dots; `seconds` is how
   * long a browser keeps it.
   */
  set(reply: FastifyReply, name: CookieName, value: string, seconds: number): void
  clear(reply: FastifyReply, name: CookieName): void
  /** Writes the `Set-Cookie` line that `set` sends, for answers that no router writes. */
  line(name: CookieName, value: string, seconds: number): string
}

const VALUE = /^[A-Za-z0-9_.~-]{1,3800}$/

/**
 * Cookies of one origin. On https they carry the `__Host-` prefix, which no other host, path or plain-http answer can
 * set (RFC 6265bis 4.1.3.2); on loopback http browsers would refuse that prefix.
 */
export function cookiesOf(origin: string): Cookies {
  const secure = origin.startsWith('https:')
  const prefix = secure ? '__Host-remit_' : 'remit_'
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`

  function append(reply: FastifyReply, cookie: string): void {
    const before = reply.getHeader('set-cookie')
    const list = before === undefined ? [] : Array.isArray(before) ? before : [String(before)]
    const name = cookie.slice(0, cookie.indexOf('=') + 1)
    reply.removeHeader('set-cookie')
    reply.header('set-cookie', [...list.filter((one) => !one.startsWith(name)), cookie])
  }

  function line(name: CookieName, value: string, seconds: number): string {
    if (!VALUE.test(value)) throw new TypeError(`the ${name} cookie's value is not plain`)
    return `${prefix}${name}=${value}; Max-Age=${Math.floor(seconds)}${attributes}`
  }

  return {
    line,
    read(request, name) {
      const wanted = `${prefix}${name}=`
      const found = (request.headers.cookie ?? '')
        .split(';')
        .map((part) => part.trim())
        .filter((part) => part.startsWith(wanted))
        .map((part) => part.slice(wanted.length))
      const [value] = found
      return found.length === 1 && value !== undefined && VALUE.test(value) ? value : undefined
    },
    set(reply, name, value, seconds) {
      append(reply, line(name, value, seconds))
    },
    clear(reply, name) {
      append(reply, `${prefix}${name}=; Max-Age=0${attributes}`)
    },
  }
}
