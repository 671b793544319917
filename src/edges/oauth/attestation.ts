import type { IncomingMessage } from 'node:http'
import {
  ATTESTED,
  type AttestationChallenges,
  writeShown,
} from '../../identity/agent-authentication/index.ts'
import { headerValues } from '../../platform/http/index.ts'
import { readCompact, readObject } from '../../platform/jose/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type Form, readOauthForm } from './form.ts'

export const CHALLENGE = '/oauth/challenge'
export const CHALLENGE_HEADER = 'oauth-client-attestation-challenge'
const ATTESTATION = 'oauth-client-attestation'
const POP = 'oauth-client-attestation-pop'
export const ATTESTATION_HEADERS = [ATTESTATION, POP] as const
/** RFC 9110 section 11.2, as far as a JWT can be one. */
const TOKEN68 = /^[A-Za-z0-9._-]+$/

/** A fresh challenge (section 6.1 of the draft on attestations). */
export function challengeEndpoint(
  message: IncomingMessage,
  challenges: AttestationChallenges,
): { readonly attestation_challenge: string } {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  return { attestation_challenge: challenges.now() }
}

export function isAttested(message: IncomingMessage): boolean {
  return ATTESTATION_HEADERS.some((name) => headerValues(message, name).length > 0)
}

/** The form of a request whose client authenticates, whichever way it does. */
export async function readClientForm(
  message: IncomingMessage,
): Promise<{ text: string; form: Form }> {
  const { form, text } = await readOauthForm(message)
  return { text, form: withAttestation(message, form) }
}

/**
 * The form of a request whose client authenticates in headers, as if it did so in the form: one attestation, with a proof of its own
 * or else with the DPoP proof (section 7). A second way to authenticate beside it is refused.
 * @throws Problem `oauth.invalid_request`, `attestation.invalid`
 */
function withAttestation(message: IncomingMessage, form: Form): Form {
  if (!isAttested(message)) return form
  if (form.has('client_assertion') || form.has('client_secret'))
    throw new Problem('oauth.invalid_request', 'use one authentication method')
  const attestation = onlyOne(message, ATTESTATION)
  const separate = headerValues(message, POP).length > 0
  const proof = onlyOne(message, separate ? POP : 'dpop')
  requireOwn(form.get('client_id'), attestation)
  const kind = separate ? 'attestation_pop_jwt' : 'dpop_combined'
  return new Map([
    ...form,
    ['client_assertion_type', ATTESTED],
    ['client_assertion', writeShown({ attestation, kind, proof })],
  ])
}

function onlyOne(message: IncomingMessage, name: string): string {
  const [value, ...more] = headerValues(message, name)
  if (value === undefined || more.length > 0 || !TOKEN68.test(value))
    throw new Problem('attestation.invalid', `there is not exactly one \`${name}\``)
  return value
}

/** Section 7.1: a client that says its id says the one that is attested. */
function requireOwn(clientId: string | undefined, attestation: string): void {
  if (clientId === undefined) return
  if (subjectOf(attestation) !== clientId)
    throw new Problem('attestation.invalid', '`client_id` is not the subject of the attestation')
}

/** Reads the subject as it is stated, before anybody has looked whether that is true. */
function subjectOf(attestation: string): unknown {
  try {
    return readObject(readCompact(attestation).payload, 'claims set').sub
  } catch (cause) {
    throw new Problem('attestation.invalid', 'the attestation is no JWT', { cause })
  }
}
