import { sha256url } from '../lib/bytes.ts'
import { type Canonical, canonicalJson } from '../lib/canonical-json.ts'
import { askConfirmation, useConfirmation } from '../people/index.ts'
import type { Caller, Input, Operation } from './operation.ts'
import type { ApiParts } from './parts.ts'
import { time } from './shapes.ts'

/** A body answered with 202: nothing was done yet. */
export interface ConfirmationNeeded {
  readonly confirmation: { readonly id: string; readonly url: string; readonly expires_at: string }
}

/**
 * INVARIANT: outside `remit dev`, what widens access is done only after the same person said yes to exactly this on a page
 * (contract 10). Answers what to confirm, or `undefined` when the act may go on; a yes is used up by that.
 * @throws Problem `confirmation.missing`
 */
export async function confirmWidening(
  parts: ApiParts,
  operation: Operation,
  {
    caller,
    input,
    confirmation,
  }: { caller: Caller; input: Input; confirmation: string | undefined },
): Promise<ConfirmationNeeded | undefined> {
  if (!operation.widens || parts.development) return undefined
  const payload = { params: shown(input.params), body: shortened(shown(input.body)) }
  const asked = { personId: caller.person.id, operation: operation.id, payload }
  if (confirmation !== undefined) {
    await useConfirmation(parts.people, { ...asked, id: confirmation })
    return undefined
  }
  const { expiresAt, id } = await askConfirmation(parts.people, asked)
  return {
    confirmation: { id, url: `${parts.issuer}/confirm/${id}`, expires_at: time(expiresAt) },
  }
}

const SECRET = new Set(['secret', 'client_secret'])

/** Longer than what a person could look at, and than what most operations take. */
const MOST_SHOWN = 1024 * 1024

/** Members that are too long to be shown, such as the document of a large API, are bound by their digest. */
function shortened(body: Canonical): Canonical {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      const text = canonicalJson(value ?? null)
      const long = text.length > MOST_SHOWN
      return [name, long ? `sha256:${sha256url(text)} (${text.length} characters)` : value]
    }),
  )
}

/** The input as it is shown, kept and bound: all of it, secrets as digests. */
function shown(value: unknown): Canonical {
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        name,
        SECRET.has(name) ? `sha256:${sha256url(String(inner))}` : shown(inner),
      ]),
    )
  }
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return value
  }
  return null
}
