import { checkSignedBy } from '../../../identity/agent-authentication/index.ts'
import type { Agent } from '../../../identity/agents/index.ts'
import {
  findPerson,
  findPersonBySubject,
  findPersonsByEmail,
  type Person,
} from '../../../identity/people/index.ts'
import { isId } from '../../../platform/lib/id.ts'
import { onProblem, Problem } from '../../../platform/lib/problem.ts'
import { basesFor } from '../../../tasks/consent/index.ts'
import type { GrantParts } from '../parts.ts'

/**
 * Hint at the person that an agent means, in one of the ways of OpenID CIBA section 7.1. It only
 * says whom to ask; it proves nothing of them.
 */
export interface Hint {
  readonly kind: 'login_hint' | 'id_token_hint' | 'login_hint_token'
  readonly value: string
}

const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
/** Ours: CIBA leaves the form of a login hint token to each deployment. */
export const HINT_TYPE = 'login-hint+jwt'

/** Agents of the house: their administrators know whom they tell about whom. */
const KNOWS_THE_HOUSE = 3

/**
 * Finds the person that is meant. `undefined` for no one, a suspended person, and an e-mail address that two people have: an agent
 * learns no more than that it cannot ask. INVARIANT: nor does an agent from outside learn which addresses are people: it may name only
 * whom it has a basis for, or can show that it knows otherwise (an ID token, our own id of the person).
 * @throws Problem when the hint itself cannot be read
 */
export async function findByHint(
  parts: GrantParts,
  agent: Agent,
  { kind, value }: Hint,
): Promise<Person | undefined> {
  const found = await FINDING[kind](parts, agent, value)
  return found?.status === 'active' ? found : undefined
}

type PersonFinder = (parts: GrantParts, agent: Agent, value: string) => Promise<Person | undefined>

const FINDING: Readonly<Record<Hint['kind'], PersonFinder>> = {
  login_hint: (parts, agent, value) => byName(parts, agent, value),
  id_token_hint: async (parts, agent, value) => {
    const checked = parts.providers.checkSubjectToken(value, ID_TOKEN, { agent })
    const unlessSuspended = onProblem((problem) => {
      if (problem.code !== 'person.suspended') throw problem
    })
    return (await checked.catch(unlessSuspended))?.person
  },
  login_hint_token: async (parts, agent, value) => {
    const checked = checkSignedBy(parts, agent.id, value, { typ: HINT_TYPE })
    const claims = await checked.catch(
      onProblem((cause) => {
        throw cause.code === 'token.expired'
          ? new Problem('backchannel.hint_expired', 'the login hint token has expired')
          : new Problem('backchannel.bad_hint', 'the login hint token cannot be accepted', {
              cause,
            })
      }),
    )
    return bySubjectIdentifier(parts, agent, claims.sub_id)
  },
}

/** Finds by a person's id, which cannot be guessed, or by their e-mail address. */
async function byName(
  parts: Pick<GrantParts, 'clock' | 'storage'>,
  agent: Agent,
  value: string,
): Promise<Person | undefined> {
  const { read } = parts.storage
  if (isId('person', value)) return findPerson(read, value)
  const people = value.includes('@') ? await findPersonsByEmail(read, value) : []
  return people.length === 1 ? ifMayBeNamed(parts, agent, people[0]) : undefined
}

/**
 * Names people by a hint that can be guessed (an address, an account number) only to those who may
 * know that they are people.
 */
async function ifMayBeNamed(
  { clock, storage }: Pick<GrantParts, 'clock' | 'storage'>,
  agent: Agent,
  person: Person | undefined,
): Promise<Person | undefined> {
  if (!person || agent.trust >= KNOWS_THE_HOUSE) return person
  const between = { agentId: agent.id, personId: person.id, now: clock.now() }
  return (await basesFor(storage.read, between)).length > 0 ? person : undefined
}

/** RFC 9493: `iss_sub` of a provider, `email`, or `opaque` with a person's id. */
async function bySubjectIdentifier(
  parts: Pick<GrantParts, 'clock' | 'storage'>,
  agent: Agent,
  given: unknown,
): Promise<Person | undefined> {
  if (typeof given !== 'object' || given === null)
    throw new Problem('backchannel.bad_hint', '`sub_id` is missing')
  const { email, format, id, iss, sub } = given as Readonly<Record<string, unknown>> // each is checked
  if (format === 'iss_sub' && typeof iss === 'string' && typeof sub === 'string')
    return ifMayBeNamed(parts, agent, await findPersonBySubject(parts.storage.read, iss, sub))
  if (format === 'email' && typeof email === 'string') return byName(parts, agent, email)
  if (format === 'opaque' && typeof id === 'string') return byName(parts, agent, id)
  throw new Problem('backchannel.bad_hint', '`sub_id` has an unknown format')
}
