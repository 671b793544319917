import type { IncomingMessage } from 'node:http'
import {
  type IntrospectionParts,
  identifyIntrospector,
  introspect,
  introspectSigned,
} from '../../grants/token-status/index.ts'
import { INTROSPECTION_TYPE } from '../../identity/tokens/index.ts'
import { headerValues, isUnfinished } from '../../platform/http/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { readClientForm } from './attestation.ts'
import { required } from './form.ts'
import type { PresentingPorts } from './presented.ts'
import { presentedCaller, secretInHeader } from './presented-caller.ts'

/** Answer as it is written. */
export interface WrittenAnswer {
  readonly type: string
  readonly text: string
}

/**
 * Introspection (RFC 7662): whether a token works now, and what it says. The answer is JSON, or for who asks for it a signed JWT
 * (RFC 9701). The caller is checked before the token. `token_type_hint` is not needed: our tokens say what they are.
 */
export async function introspectionEndpoint(
  message: IncomingMessage,
  ports: PresentingPorts & { readonly decisions: IntrospectionParts },
): Promise<WrittenAnswer> {
  const { decisions } = ports
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  // A caller with a secret in a header is known before a body that has not arrived is waited for.
  const secret = isUnfinished(message) ? secretInHeader(message) : undefined
  if (secret) await identifyIntrospector(decisions, secret)
  const { form } = await readClientForm(message)
  const caller = await identifyIntrospector(decisions, presentedCaller(message, form, ports))
  const token = required(form, 'token')
  if (wantsSigned(message)) {
    const text = await introspectSigned(decisions, caller, token)
    return { type: `application/${INTROSPECTION_TYPE}`, text }
  }
  return {
    type: 'application/json',
    text: JSON.stringify(await introspect(decisions, caller, token)),
  }
}

/** RFC 9701 section 4: by the media type. Only where it is named; a client that accepts anything gets JSON. */
function wantsSigned(message: IncomingMessage): boolean {
  return headerValues(message, 'accept')
    .flatMap((value) => value.split(','))
    .some((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
      return type === `application/${INTROSPECTION_TYPE}` && !parameters.includes('q=0')
    })
}
