import type { IncomingMessage } from 'node:http'
import type { PresentedCaller } from '../../grants/token-status/index.ts'
import { type PresentedClient, presentedClient } from '../../identity/machine-clients/index.ts'
import { headerValues, shownCredential } from '../../platform/http/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Form } from './form.ts'
import { type PresentingPorts, presentedAt } from './presented.ts'

export const INTROSPECT = '/oauth/introspect'

/**
 * Reads the authentication of a caller that asks about a token: a secret (Bearer, or Basic with its name), a
 * JWT that a machine client signed, or an agent, as it does everywhere. One of them (RFC 6749
 * section 2.3).
 */
export function presentedCaller(
  message: IncomingMessage,
  form: Form,
  ports: PresentingPorts,
): PresentedCaller | undefined {
  const inHeader = headerValues(message, 'authorization').length > 0
  if (form.has('client_secret'))
    throw new Problem('oauth.invalid_request', 'a secret is sent in the header `Authorization`')
  const presented = presentedAt(message, ports, INTROSPECT)
  const byCertificate = presented.certificate !== undefined && form.has('client_id')
  if (!form.has('client_assertion') && !(byCertificate && !inHeader))
    return inHeader ? ofHeader(message) : undefined
  if (inHeader) throw new Problem('oauth.invalid_request', 'there are two credentials')
  return {
    ...presented,
    kind: 'agent',
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
    clientId: form.get('client_id'),
  }
}

/** A secret can be looked at twice; an assertion counts once. */
export function secretInHeader(message: IncomingMessage): PresentedClient | undefined {
  const shown = ofHeader(message)
  return shown?.kind === 'secret' ? shown : undefined
}

/**
 * Reads how a machine client says who it is: in the header, or as `client_assertion` (RFC 7523
 * section 2.2). One of them.
 */
export function presentedMachine(
  message: IncomingMessage,
  form: Form,
): PresentedClient | undefined {
  const jwt = form.get('client_assertion')
  if (jwt === undefined) return ofHeader(message)
  if (headerValues(message, 'authorization').length > 0)
    throw new Problem('oauth.invalid_request', 'there are two credentials')
  if (form.get('client_assertion_type') !== ASSERTION_TYPE)
    throw new Problem('oauth.invalid_request', '`client_assertion_type` is not known')
  return { kind: 'assertion', jwt }
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

function ofHeader(message: IncomingMessage): PresentedClient | undefined {
  return presentedClient(shownCredential(message))
}
