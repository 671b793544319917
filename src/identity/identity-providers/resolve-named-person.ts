import { Problem } from '../../platform/lib/problem.ts'
import { findPersonBySubject, type PeopleParts, type Person } from '../people/index.ts'
import { selectProvider } from './identity-provider-store.ts'
import { readProfile } from './profile.ts'
import { type UnprovisionedPerson, unprovisionedFrom } from './unprovisioned-person.ts'

/**
 * The person of a configured identity provider whom another server names, by the claim that was configured for that. One who was never
 * here would begin with nothing but that, and nothing is written yet; a known person is not changed.
 * Throws `subject_token.unknown_issuer`, `person.bad_claims`, `person.suspended`.
 */
export async function resolveNamedPerson(
  parts: PeopleParts,
  named: { readonly provider: string; readonly said: unknown },
  iat: number,
): Promise<Person | UnprovisionedPerson> {
  const provider = await selectProvider(parts.storage.read, named.provider)
  if (!provider)
    throw new Problem(
      'subject_token.unknown_issuer',
      "the person's identity provider is not configured",
    )
  // No groups: only the provider itself says those.
  const { issuedAt, issuer, subject } = readProfile({ sub: named.said, iat }, provider)
  const known = await findPersonBySubject(parts.storage.read, issuer, subject)
  if (!known) return unprovisionedFrom(parts, { issuer, subject, issuedAt })
  if (known.status !== 'active') throw new Problem('person.suspended', 'this person is suspended')
  return known
}
