import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { MAX_BODY_BYTES } from '../../../platform/bodies/index.ts'
import { collectBody, headerValues, isUnfinished } from '../../../platform/http/index.ts'
import { plainAddress } from '../../../platform/lib/address-key.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { ENFORCER } from '../authenticate.ts'
import { type CheckedBody, type GatewayCheck, NO_BODY, UNSEEN } from '../check.ts'
import { type Convention, statementOf } from './conventions.ts'

/** Reads what a gateway tells. @throws Problem `request.bad_header` */
export function readCheck(convention: Convention, message: IncomingMessage): GatewayCheck {
  const { rawHeaders, socket } = message
  const { body, prefix, told } = convention
  const method = told ? one(message, told.method) : (message.method ?? '')
  const target = told ? one(message, told.target) : (message.url ?? '').slice(prefix.length)
  const host = one(message, told ? told.host : 'host')
  const own = new Set([ENFORCER, body, told?.method, told?.target, told?.host])
  return {
    ...{ method, target, host, leavesPort: convention.leavesPort },
    rawHeaders: rawHeaders.filter((_, i) => !own.has(rawHeaders[i - (i % 2)]?.toLowerCase())),
    ip: callerOf(message),
    body: bodyOf(message, convention),
    isGone: () => socket.destroyed,
  }
}

function one(message: IncomingMessage, name: string): string {
  const [value, ...more] = headerValues(message, name)
  if (value !== undefined && more.length === 0) return value
  throw new Problem('request.bad_header', `the gateway has to send \`${name}\`, once`)
}

/** The address that the gateway itself had its connection from. */
function callerOf(message: IncomingMessage): string {
  const last = headerValues(message, 'x-forwarded-for').join(',').split(',').at(-1) ?? ''
  const address = plainAddress(last.trim())
  return isIP(address) === 0 ? '' : address
}

/**
 * INVARIANT: a body counts only where the gateway says that it is whole, or sends none that it cut;
 * that there is none counts only where it says so. Silence proves nothing: in HTTP/2 a body needs
 * neither length nor coding, and a gateway may keep both from us (RFC 9113 section 8.1.1).
 */
function bodyOf(message: IncomingMessage, convention: Convention): CheckedBody {
  const { body: name, none, sendsEach, whole } = convention
  const said = name === undefined ? undefined : headerValues(message, name).join() || undefined
  if (hasBody(message)) return name === undefined || said === whole ? sent(message) : UNSEEN
  if (said === undefined)
    return sendsEach ? NO_BODY : { kind: 'unseen', missing: statementOf(convention) }
  return said === none || (said === whole && sendsEach) ? NO_BODY : UNSEEN
}

function sent(message: IncomingMessage): CheckedBody {
  return {
    kind: 'whole',
    isPending: isUnfinished(message),
    read: () => collectBody(message, MAX_BODY_BYTES),
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = headers
  return coding !== undefined || (length !== undefined && length !== '0')
}
