import { problemOr } from '../../facts/index.ts'
import { Problem } from '../../lib/problem.ts'
import { TASK_LIFE } from '../../tasks/index.ts'
import { type AssertedOpening, type Opening, type OpeningAnswer, refused } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readAgent } from '../pipeline/bring.ts'
import { refuseOpening } from '../pipeline/refuse.ts'
import { isRefused } from '../wanted.ts'
import { continueAsserted, SPENT } from './continue-asserted.ts'
import { openFor } from './open-task.ts'
import { meetSubject, readAssertion } from './read-assertion.ts'

/** RFC 8693 section 3, and ID-JAG. */
const TOKEN_TYPE = {
  id_jag: 'urn:ietf:params:oauth:token-type:id-jag',
  chaining: 'urn:ietf:params:oauth:token-type:jwt',
} as const

/** Each token of such a task takes an assertion of its own, so that nothing is gained by ending it early. */
export const LONG_SECONDS = TASK_LIFE.most / 1000

/**
 * Opens a task for a person of another organization, whose identity provider asserts who it is and what it lets the client do
 * (ID-JAG; identity chaining). Otherwise as any other (contract 5.1). The assertion is used up with the task.
 */
export async function openAsserted(
  parts: GrantParts,
  asked: AssertedOpening,
): Promise<OpeningAnswer> {
  const way = { grant: 'jwt_bearer', openedBy: 'assertion' } as const
  const agent = await readAgent(parts, asked)
  const opening: Opening = {
    ...asked,
    purpose: asked.purpose ?? '',
    subjectToken: asked.identity,
    subjectTokenType: TOKEN_TYPE[asked.use],
    defer: asked.defer,
  }
  if (!agent.ok) return openFor(parts, opening, agent, way)
  const read = await problemOr(
    readAssertion(parts, asked, agent.brought).then((said) => meetSubject(parts, asked, said)),
  )
  if (read instanceof Problem) {
    const { agent: known, proof } = agent.brought
    return openFor(parts, opening, { ok: false, problem: read, proof, agentId: known.id }, way)
  }
  const { resource } = read.asserted
  if (resource !== undefined) {
    const { agent: known, proof, subject } = read.brought
    const about = { agent: known.id, person: subject.person.id }
    const attempt = { type: 'task.refused', proof, about, ip: asked.origin.ip } as const
    const going = await problemOr(continueAsserted(parts, { asked, said: read, resource }))
    if (going instanceof Problem)
      return refuseOpening(parts, attempt, refused(going.code, going.detail))
    if (going && (going === SPENT || !isRefused(going))) return going
    if (going) return refuseOpening(parts, attempt, going)
  }
  const lifeSeconds = asked.lifeSeconds ?? (resource === undefined ? undefined : LONG_SECONDS)
  const wanted = { ...opening, ...read.asserted, scope: undefined, lifeSeconds }
  const brought = { ok: true, brought: read.brought } as const
  return openFor(parts, wanted, brought, { ...way, asserted: read.basis })
}
