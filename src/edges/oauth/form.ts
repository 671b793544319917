import type { IncomingMessage } from 'node:http'
import { ATTESTED } from '../../identity/agent-authentication/index.ts'
import { collectBody } from '../../platform/http/index.ts'
import { Problem } from '../../platform/lib/problem.ts'

/** Token requests are small; a subject token and a list of details are the largest parts. */
const MAX_BYTES = 128 * 1024
const MAX_PARAMETERS = 40

/** Parameters of one request, each exactly once (RFC 6749 section 3.2). */
export type Form = ReadonlyMap<string, string>

/** Reads the whole body. Throws `input.too_large` and `request.incomplete`. */
export async function readOauthForm(
  message: IncomingMessage,
): Promise<{ text: string; form: Form }> {
  const type = (message.headers['content-type'] ?? '').toLowerCase()
  if (!/^application\/x-www-form-urlencoded(?:[ \t]*;[ \t]*charset=utf-8)?$/.test(type)) {
    throw new Problem(
      'oauth.invalid_request',
      'the body has to be `application/x-www-form-urlencoded`',
    )
  }
  const text = await readFormText(message, MAX_BYTES)
  const form = parseForm(text)
  // INVARIANT: an attestation comes in headers, and `attestation.ts` alone says so. No form does.
  if (form.get('client_assertion_type') === ATTESTED)
    throw new Problem('oauth.invalid_request', 'an attestation is sent in its header')
  return { text, form }
}

/** A body as text, at most so many bytes. Throws `input.too_large`, `request.incomplete`, and `input.malformed` when it is not UTF-8. */
export async function readFormText(message: IncomingMessage, mostBytes: number): Promise<string> {
  return utf8(await collectBody(message, mostBytes))
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function utf8(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes)
  } catch (cause) {
    throw new Problem('input.malformed', 'the body is not UTF-8', { cause })
  }
}

/**
 * Strict `application/x-www-form-urlencoded`: a parameter that comes twice is an error, an empty one counts as absent
 * (RFC 6749 sections 3.1 and 3.2); what does not decode as UTF-8 is refused.
 */
export function parseForm(text: string): Form {
  const form = new Map<string, string>()
  const seen = new Set<string>()
  if (text === '') return form
  const parts = text.split('&')
  if (parts.length > MAX_PARAMETERS) {
    throw new Problem('oauth.invalid_request', `more than ${MAX_PARAMETERS} parameters`)
  }
  for (const part of parts) {
    const at = part.indexOf('=')
    const name = decode(at < 0 ? part : part.slice(0, at))
    const value = decode(at < 0 ? '' : part.slice(at + 1))
    if (name === undefined || value === undefined || name === '') {
      throw new Problem('oauth.invalid_request', 'the body is not well-formed')
    }
    if (seen.has(name))
      throw new Problem('oauth.invalid_request', `parameter \`${name.slice(0, 40)}\` occurs twice`)
    seen.add(name)
    if (value !== '') form.set(name, value)
  }
  return form
}

/** Pattern of text with nothing to decode: tokens, above all, which are most of a request. */
const PLAIN = /^[A-Za-z0-9._~:/-]*$/

function decode(text: string): string | undefined {
  if (PLAIN.test(text)) return text
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', '%20'))
    return decoded.includes('\0') ? undefined : decoded
  } catch {
    return undefined
  }
}

/** The parameter, or `oauth.invalid_request` naming it. */
export function required(form: Form, name: string): string {
  const value = form.get(name)
  if (value === undefined)
    throw new Problem('oauth.invalid_request', `parameter \`${name}\` is missing`)
  return value
}

/** @throws Problem `oauth.invalid_request`: one of these parameters is there */
export function refuseParameters(form: Form, names: readonly string[], why: string): void {
  const name = names.find((one) => form.has(one))
  if (name !== undefined) throw new Problem('oauth.invalid_request', `\`${name}\` ${why}`)
}
