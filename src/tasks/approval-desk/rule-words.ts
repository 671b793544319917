import {
  type AccessRequest,
  type ApprovalParts,
  isEligible,
  presentQuestion,
} from '../../approvals/access-requests/index.ts'
import { findResource } from '../../catalog/catalog/index.ts'
import { peopleCalled } from '../../identity/notifications/index.ts'
import { findPerson, managerOf } from '../../identity/people/index.ts'
import { standInWords, withStandIns } from '../../identity/stand-ins/index.ts'
import type { Reader } from '../../platform/storage/index.ts'

/** Parts of a request that say whom names of rules mean. */
type RuleContext = Pick<AccessRequest, 'personId' | 'resource'>

/** Puts a rule into words; of a request, with the people whom it means there. */
export async function ruleWords(
  db: Reader,
  names: readonly string[],
  request?: RuleContext,
): Promise<string> {
  const words = await Promise.all(names.map((name) => approverWords(db, name, request)))
  return words.join(' or ')
}

/** Puts into words who may answer from the beginning, a list for each rule; with who stands in where `manager` and `owner` mean no one. */
export async function approversInWords(db: Reader, request: AccessRequest): Promise<string[]> {
  const { ask, createdAt } = request
  const { approvers } = (await presentQuestion(db, request, createdAt)).ask
  return Promise.all(
    ask.approvers.map((names, rule) => {
      const fallback = ask.fallbacks?.find((each) => each.rule === rule)?.names ?? []
      const standIns = fallback.filter((name) => approvers[rule]?.includes(name))
      const able = names.filter((name) => name !== 'represented' || ask.self)
      return ruleWords(db, [...new Set([...able, ...standIns])], request)
    }),
  )
}

/** Lists who is asked later, in words, and from when (epoch milliseconds). */
export async function laterWords(
  db: Reader,
  request: RuleContext & Pick<AccessRequest, 'ask' | 'createdAt'>,
): Promise<{ name: string; at: number }[]> {
  const steps = request.ask.escalations ?? []
  // A rule with several lists has its steps in each.
  const once = new Map(steps.map((step) => [`${step.afterSeconds} ${step.name}`, step]))
  return Promise.all(
    [...once.values()].map(async ({ afterSeconds, name }) => ({
      name: await approverWords(db, name, request),
      at: request.createdAt + afterSeconds * 1000,
    })),
  )
}

/** Puts into words who answers for whom of those who are asked now: `Boris, for Ada until 2026-12-04 00:00 UTC`. */
export async function standInsInWords(
  { clock, storage: { read } }: Pick<ApprovalParts, 'clock' | 'storage'>,
  request: AccessRequest,
): Promise<string[]> {
  if (request.state !== 'pending') return []
  const now = clock.now()
  const question = await presentQuestion(read, request, now)
  const people = await peopleCalled(read, question.ask.approvers.flat())
  const able = (await withStandIns(read, people, now)).filter(
    (each) => isEligible(each, question) === undefined,
  )
  return able.flatMap(standInWords)
}

async function approverWords(db: Reader, name: string, request?: RuleContext): Promise<string> {
  const [kind, value = ''] = name.split(':', 2)
  if (kind === 'group') return `anyone in ${value}`
  if (kind === 'person') return (await findPerson(db, value))?.name ?? value
  if (name === 'represented') return 'the person for whom the call is made'
  if (name === 'manager') {
    const manager = request && (await managerOf(db, request.personId))
    return manager ? `${manager.name}, the manager` : 'the manager'
  }
  if (name !== 'owner') return name
  const { owners = [] } = (request && (await findResource(db, request.resource))) ?? {}
  return owners.length > 0
    ? `an owner of the API: ${await ruleWords(db, owners)}`
    : 'an owner of the API'
}
