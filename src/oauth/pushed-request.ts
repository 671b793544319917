import type { IncomingMessage, ServerResponse } from 'node:http'
import { ATTESTED } from '../agent-authentication/index.ts'
import { provePushed } from '../code-grant/index.ts'
import { Problem } from '../lib/problem.ts'
import { ATTESTATION_HEADERS, readClientForm } from './attestation.ts'
import { type Form, required } from './form.ts'
import { presentedAt, withBody } from './presented.ts'
import { markProved } from './proved-request.ts'
import type { TokenPorts } from './token.ts'

export const PUSHED = '/oauth/par'
/** The provider keeps them so long (`oidc-provider`, pushed authorization requests). */
export const PUSHED_LIFE_MS = 60_000

/**
 * Pushed authorization requests (RFC 9126), which are the provider's to judge. What comes in headers is ours to check before, as
 * everywhere: a proof, of which the provider sees only the key (`dpop_jkt`, RFC 9449 section 10.1), and an attestation.
 */
export async function pushedRequestEndpoint(
  message: IncomingMessage,
  reply: ServerResponse,
  ports: TokenPorts,
): Promise<undefined> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form, text } = await readClientForm(message)
  const attested = form.get('client_assertion_type') === ATTESTED
  const presented = presentedAt(message, ports, PUSHED)
  // FAPI 2.0 Security Profile 5.3.2.2, item 4.
  if (ports.decisions.fapi2 && !form.has('client_assertion'))
    throw new Problem('agent.unauthenticated', 'a client that pushes a request authenticates')
  const thumbprint = await provePushed(ports.decisions, {
    ...presented,
    attested: attested
      ? { clientId: required(form, 'client_id'), assertion: required(form, 'client_assertion') }
      : undefined,
  })
  const changed =
    thumbprint === undefined && !attested ? text : rest(form, { attested, thumbprint })
  const request = withBody(message, changed, [...ATTESTATION_HEADERS, 'dpop'])
  if (attested) markProved(request)
  const giveBack = await ports.pushed.enter(shareOf(message, form, ports))
  // What the provider refused waits for no browser. It may answer after it has returned, so the end of the answer is what tells.
  reply.once('close', () => {
    if (reply.statusCode !== 201 || !reply.writableFinished) giveBack()
  })
  await ports.provider(request, reply)
  return undefined
}

/**
 * In whose share a request counts. A client that authenticates has one of its own; of one that does not, anybody can say the name, so it is
 * the address that counts.
 */
function shareOf(
  message: IncomingMessage,
  form: Form,
  { addresses }: TokenPorts,
): string | undefined {
  const assertion = form.get('client_assertion')
  if (assertion === undefined) return addresses.keyOf(message)
  return `client ${form.get('client_id') ?? claimedSubject(assertion)}`
}

/** Who an assertion says it is of. Nobody believes it here: a place is kept only where the provider did. */
function claimedSubject(assertion: string): string {
  try {
    const [, payload = ''] = assertion.split('.')
    const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub?: unknown } // any JSON
    return String(sub)
  } catch {
    return ''
  }
}

/** The form, as the provider is to read it. */
function rest(
  form: Form,
  { attested, thumbprint }: { readonly attested: boolean; readonly thumbprint: string | undefined },
): string {
  const left = new URLSearchParams([...form])
  if (attested) for (const name of ['client_assertion', 'client_assertion_type']) left.delete(name)
  if (thumbprint === undefined) return left.toString()
  if ((form.get('dpop_jkt') ?? thumbprint) !== thumbprint)
    throw new Problem('proof.wrong_key', '`dpop_jkt` names another key than the proof is by')
  left.set('dpop_jkt', thumbprint)
  return left.toString()
}
