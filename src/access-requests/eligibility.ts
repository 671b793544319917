import type { Person } from '../people/index.ts'
import type { AccessRequest } from './access-request.ts'

/** Parts of a request, or of an allowance, that say for whom it is and who is asked. */
export type EligibilityQuestion = Pick<AccessRequest, 'ask' | 'personId' | 'requesterId'>

/** A person as eligibility sees one. */
export type Approver = Pick<Person, 'id' | 'groups' | 'status'>

export type IneligibilityReason =
  | 'not_pending'
  | 'expired'
  | 'not_active'
  | 'own_request'
  | 'not_an_approver'
  | 'already_answered'

export type Eligibility =
  | { readonly may: true; readonly answers: readonly ('approve' | 'deny')[] }
  | { readonly may: false; readonly why: IneligibilityReason; readonly detail: string }

/**
 * Tells whether one name of an approver rule (`group:finance`, `person:psn_…`) means this person.
 */
function means(name: string, person: Approver): boolean {
  if (name.startsWith('group:')) return person.groups.includes(name.slice('group:'.length))
  return name === `person:${person.id}`
}

/** All names of approver rules that mean this person. */
export function namesOf({ groups, id }: Pick<Approver, 'groups' | 'id'>): string[] {
  return [`person:${id}`, ...groups.map((group) => `group:${group}`)]
}

function meets(rule: readonly string[], person: Approver): boolean {
  return rule.some((name) => means(name, person))
}

/**
 * Tells whether this person may ever count for this request: active, neither the one it is made for
 * nor the one who asked in the conversation (unless every policy that asks says so), and named by
 * at least one rule. Asked when answering and again when the approval is used.
 * INVARIANT: only a person reaches this; agents have no session and no answer.
 */
export function isEligible(
  person: Approver,
  request: EligibilityQuestion,
): IneligibilityReason | undefined {
  if (person.status !== 'active') return 'not_active'
  const own = person.id === request.personId || person.id === request.requesterId
  if (own && !request.ask.self) return 'own_request'
  if (!request.ask.approvers.some((rule) => meets(rule, person))) return 'not_an_approver'
  return undefined
}

/**
 * Tells whether these people together are enough: every rule is met by at least `quorum` distinct
 * people who may count. One person counts for every rule that names him. No rule at all is never
 * enough.
 */
export function isEnough(approvers: readonly Approver[], request: EligibilityQuestion): boolean {
  return request.ask.approvers.length > 0 && missingApprovals(approvers, request).length === 0
}

/** A rule that the approvals so far do not meet. */
export interface MissingApproval {
  /** Names of the rule, any of which would do. */
  readonly names: readonly string[]
  /** Number of people that it lacks. */
  readonly count: number
}

/** Rules that these people together do not meet yet, as `isEnough` counts. */
export function missingApprovals(
  approvers: readonly Approver[],
  request: EligibilityQuestion,
): readonly MissingApproval[] {
  const distinct = new Map(approvers.map((person) => [person.id, person]))
  const counting = [...distinct.values()].filter(
    (person) => isEligible(person, request) === undefined,
  )
  const quorum = Math.max(1, request.ask.quorum)
  return request.ask.approvers
    .map((names) => ({
      names,
      count: quorum - counting.filter((person) => meets(names, person)).length,
    }))
    .filter(({ count }) => count > 0)
}

const DETAIL: Readonly<Record<IneligibilityReason, string>> = {
  not_pending: 'the request is not waiting for an answer any more',
  expired: 'the request expired without an answer, which denies it',
  not_active: 'only active people can answer',
  own_request: 'the call is made on your own behalf; someone else has to look at it',
  not_an_approver: 'the policy that asks does not name you or a group of yours',
  already_answered: 'you have answered already',
}

function not(why: IneligibilityReason): Eligibility {
  return { may: false, why, detail: DETAIL[why] }
}

/**
 * Answers that a person may give now, or why there are none. A deny is still taken after an
 * approval that nobody has used yet, also from the one who approved: it only reduces.
 */
export function mayAnswer(
  person: Approver,
  request: AccessRequest,
  known: {
    readonly answers: readonly {
      readonly personId: string
      readonly answer: 'approve' | 'deny'
    }[]
    readonly now: number
  },
): Eligibility {
  const unused = request.state === 'approved' && request.usesLeft > 0
  if (request.state === 'expired') return not('expired')
  if (request.state !== 'pending' && !unused) return not('not_pending')
  const end = request.state === 'pending' ? request.expiresAt : (request.usableUntil ?? 0)
  if (end <= known.now) return not('expired')
  const why = isEligible(person, request)
  if (why) return not(why)
  const own = known.answers.find((answer) => answer.personId === person.id)
  if (own?.answer === 'deny') return not('already_answered')
  return { may: true, answers: unused || own ? ['deny'] : ['approve', 'deny'] }
}
