import type { Ask } from '@remit/engine'
import { findResource } from '../../catalog/catalog/index.ts'
import { findPerson, managerOf } from '../../identity/people/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import type { AccessRequest } from './access-request.ts'
import type { EligibilityQuestion } from './eligibility.ts'
import { requestersOf } from './requesters.ts'

/** Parts of a request, or of an allowance, that say who may answer it. */
export type PendingQuestion = Pick<
  AccessRequest,
  'agentId' | 'ask' | 'createdAt' | 'personId' | 'requesterId' | 'resource'
> & { readonly taskId: string }

/**
 * Question as it stands at one moment: `represented`, `manager` and `owner` are the people whom they mean, names of
 * escalations count that have been reached, and those are barred who asked for it somewhere in the
 * task tree.
 * INVARIANT: every judgement about who may answer begins here, when answering and when using.
 */
export async function presentQuestion(
  db: Reader,
  question: PendingQuestion,
  now: number,
): Promise<EligibilityQuestion> {
  const { ask, personId, requesterId } = question
  const { barred, behind } = await requestersOf(db, question)
  const meant = (names: readonly string[]) => meantBy(db, names, { ...question, barred })
  const approvers = await Promise.all(
    ask.approvers.map(async (names, rule) => {
      const found = await meant(names)
      const counted = found.isEmpty ? [...found.names, ...fallbackOf(ask, rule)] : found.names
      const due = (ask.escalations ?? []).filter(
        (step) => step.rule === rule && question.createdAt + step.afterSeconds * 1000 <= now,
      )
      const escalated = await meant(due.map(({ name }) => name))
      return [...new Set([...counted, ...escalated.names])]
    }),
  )
  return {
    ...{ ask: { ...ask, approvers }, personId, barred, behind },
    ...(requesterId === undefined ? {} : { requesterId }),
  }
}

/** People and groups who are asked, as they are when the question is put. */
export interface ApproverNames {
  /** Times from which they are asked, epoch milliseconds, by name. */
  readonly from: ReadonlyMap<string, number>
  readonly barred: readonly string[]
  /** Ids of people who may neither act as a stand-in nor be represented by one; `null`: all. */
  readonly barredStandIns: readonly string[] | null
  /** True when some rule means no one, also after every escalation: it would only wait for its end. */
  readonly isEmpty: boolean
}

export async function askedNames(db: Reader, question: PendingQuestion): Promise<ApproverNames> {
  const { ask, createdAt } = question
  const steps = (ask.escalations ?? []).map(({ afterSeconds }) => createdAt + afterSeconds * 1000)
  const from = new Map<string, number>()
  let last = await presentQuestion(db, question, createdAt)
  for (const name of last.ask.approvers.flat()) from.set(name, createdAt)
  for (const at of [...new Set(steps)].toSorted((a, b) => a - b)) {
    last = await presentQuestion(db, question, at)
    for (const name of last.ask.approvers.flat()) if (!from.has(name)) from.set(name, at)
  }
  return {
    from,
    barred: last.barred,
    barredStandIns: ask.inPerson ? null : last.behind,
    isEmpty: last.ask.approvers.some((rule) => rule.length === 0),
  }
}

/** Names that mean other people for each call. */
const BY_CALL: readonly string[] = ['represented', 'manager', 'owner']

function fallbackOf({ fallbacks = [] }: Ask, rule: number): readonly string[] {
  return fallbacks.find((each) => each.rule === rule)?.names ?? []
}

/** Names of groups and people behind names of rules. `isEmpty`: names that depend on the call are among them, and mean no one. */
async function meantBy(
  db: Reader,
  names: readonly string[],
  { ask, barred, personId, resource }: PendingQuestion & { readonly barred: readonly string[] },
): Promise<{ readonly names: readonly string[]; readonly isEmpty: boolean }> {
  const plain = names.filter((name) => !BY_CALL.includes(name))
  if (plain.length === names.length) return { names, isEmpty: false }
  const manager = names.includes('manager') ? await managerOf(db, personId) : undefined
  const owned = names.includes('owner') ? await findResource(db, resource) : undefined
  const owners = owned?.status === 'removed' ? [] : (owned?.owners ?? [])
  // INVARIANT: where another rule that asks does not say so, people do not approve their own calls.
  const own = names.includes('represented') && ask.self ? [`person:${personId}`] : []
  const found = [...own, ...(manager ? [`person:${manager.id}`] : []), ...owners]
  const able = await Promise.all(found.map((name) => isAble(db, name, barred)))
  const meant = found.filter((_, i) => able[i])
  return { names: [...plain, ...meant], isEmpty: meant.length === 0 }
}

async function isAble(db: Reader, name: string, barred: readonly string[]): Promise<boolean> {
  if (!name.startsWith('person:')) return true
  const id = name.slice('person:'.length)
  return !barred.includes(id) && (await findPerson(db, id))?.status === 'active'
}
