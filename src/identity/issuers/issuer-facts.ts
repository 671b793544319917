import type { LedgerEvent } from '../../platform/ledger/index.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

/** Facts of an issuer for the ledger: all that decides what may come of it. */
export function issuerFacts(issuer: TrustedIssuer): NonNullable<LedgerEvent['facts']> {
  return {
    issuer: issuer.name,
    url: issuer.issuer,
    tenant: issuer.tenant,
    subject_prefix: issuer.subjectPrefix,
    keys: issuer.keys,
    algorithms: issuer.algorithms,
    uses: issuer.uses,
    audience: issuer.audience,
    rules: issuer.rules,
    access: issuer.access,
    people: issuer.people,
    peer: issuer.peer,
    trust: issuer.trust,
    ceiling: issuer.ceiling,
    most_agents: issuer.mostAgents,
    most_people: issuer.mostPeople,
    people_an_hour: issuer.peopleAnHour,
    most_life_seconds: issuer.mostLifeSeconds,
    bearer: issuer.bearer,
    owner: issuer.ownerId,
    expires_at: issuer.expiresAt,
  }
}
