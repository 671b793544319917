import type { IncomingMessage } from 'node:http'
import type { PresentedCaller } from '../../decisions/index.ts'
import { headerValues, shownCredential } from '../../http/index.ts'
import { Problem } from '../../lib/problem.ts'
import { type Form, required } from '../form.ts'

/**
 * How whoever asks about a token says who it is: a secret (Bearer, or Basic with its name), a JWT that an enforcement point signed, or
 * an agent's client assertion. One of them (RFC 6749 section 2.3).
 */
export function presentedCaller(message: IncomingMessage, form: Form): PresentedCaller | undefined {
  const inHeader = headerValues(message, 'authorization').length > 0
  if (form.has('client_secret'))
    throw new Problem('oauth.invalid_request', 'a secret is sent in the header `Authorization`')
  if (!form.has('client_assertion')) return inHeader ? ofHeader(message) : undefined
  if (inHeader) throw new Problem('oauth.invalid_request', 'there are two credentials')
  return {
    kind: 'client assertion',
    assertion: required(form, 'client_assertion'),
    assertionType: required(form, 'client_assertion_type'),
  }
}

function ofHeader(message: IncomingMessage): PresentedCaller | undefined {
  const shown = shownCredential(message)
  if (!shown) return undefined
  if (shown.scheme === 'basic') return { kind: 'secret', name: shown.name, secret: shown.secret }
  return shown.token.includes('.')
    ? { kind: 'assertion', jwt: shown.token }
    : { kind: 'secret', secret: shown.token }
}
