import type { Person } from '../../identity/people/index.ts'
import type { AccessRequest } from './access-request.ts'

/** Question about who may answer, as `presentQuestion` makes it. */
export interface EligibilityQuestion
  extends Pick<AccessRequest, 'ask' | 'personId' | 'requesterId'> {
  /** Ids of people who asked for it in any way. */
  readonly barred: readonly string[]
  /** Ids of people who asked for it, and of those whom a rule keeps out, whatever rules say of one's own calls. */
  readonly behind: readonly string[]
}

type KnownPerson = Pick<Person, 'id' | 'groups' | 'status'>

/** A person as eligibility sees one; `standsInFor`: in whose place. */
export type Approver = KnownPerson & { readonly standsInFor?: KnownPerson }

export type IneligibilityReason =
  | 'not_pending'
  | 'expired'
  | 'not_active'
  | 'own_request'
  | 'behind_request'
  | 'not_an_approver'
  | 'already_answered'

export type Eligibility =
  | { readonly may: true; readonly answers: readonly ('approve' | 'deny')[] }
  | { readonly may: false; readonly why: IneligibilityReason; readonly detail: string }

/**
 * Tells whether one name of an approver rule (`group:finance`, `person:psn_…`) means this person.
 */
function means(name: string, person: KnownPerson): boolean {
  if (name.startsWith('group:')) return person.groups.includes(name.slice('group:'.length))
  return name === `person:${person.id}`
}

/** All names of approver rules that mean this person. */
export function approverNames({ groups, id }: Pick<Approver, 'groups' | 'id'>): string[] {
  return [`person:${id}`, ...groups.map((group) => `group:${group}`)]
}

function meets(rule: readonly string[], { standsInFor, ...person }: Approver): boolean {
  return rule.some((name) => means(name, standsInFor ?? person))
}

/**
 * Tells whether this person may ever count for this request: active, neither the one it is made for
 * nor a person who asked for it (unless every policy that asks says so), and named by at least one
 * rule. Asked when answering and again when the approval is used.
 * INVARIANT: only a person reaches this; agents have no session and no answer.
 */
export function isEligible(
  person: Approver,
  request: EligibilityQuestion,
): IneligibilityReason | undefined {
  if (person.status !== 'active') return 'not_active'
  if (person.standsInFor) return whyNotInPlace(person, person.standsInFor, request)
  const own = person.id === request.personId || person.id === request.requesterId
  if (own && !request.ask.self) return 'own_request'
  if (request.barred.includes(person.id)) return 'behind_request'
  if (!request.ask.approvers.some((rule) => meets(rule, person))) return 'not_an_approver'
  return undefined
}

/**
 * INVARIANT: a stand-in does not answer what either of the two asked for, also where rules let people answer
 * their own calls: a stand-in is another pair of eyes, and no word for oneself.
 */
function whyNotInPlace(
  person: KnownPerson,
  absent: KnownPerson,
  { ask, behind, personId, requesterId }: EligibilityQuestion,
): IneligibilityReason | undefined {
  if (absent.status !== 'active' || ask.inPerson) return 'not_an_approver'
  for (const { id } of [person, absent]) {
    if (id === personId || id === requesterId) return 'own_request'
    if (behind.includes(id)) return 'behind_request'
  }
  return ask.approvers.some((rule) => meets(rule, absent)) ? undefined : 'not_an_approver'
}

/**
 * Tells whether these people together are enough: every rule is met by at least `quorum` distinct
 * people who may count. One person counts for every rule that names them, except where rules are
 * separate. No rule at all is never enough.
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
  const able = approvers.filter((person) => isEligible(person, request) === undefined)
  // INVARIANT: no one counts twice, and a person who is away and their stand-in are one.
  const people = new Map(able.map((person) => [person.id, person]))
  const places = new Map([...people.values()].map((each) => [(each.standsInFor ?? each).id, each]))
  const counting = [...places.values()]
  const { approvers: rules, separate = [] } = request.ask
  const quorum = Math.max(1, request.ask.quorum)
  const alone = rules.map((names) => counting.filter((person) => meets(names, person)).length)
  const apart = separate.map((set) =>
    shareOut(
      set.map((rule) => rules[rule] ?? []),
      counting,
      quorum,
    ),
  )
  return rules
    .map((names, rule) => {
      const shares = separate.flatMap((set, i) => {
        const at = set.indexOf(rule)
        return at === -1 ? [] : [apart[i]?.[at] ?? 0]
      })
      return { names, count: quorum - Math.min(alone[rule] ?? 0, ...shares) }
    })
    .filter(({ count }) => count > 0)
}

/**
 * Shares people out to rules so that no one counts for two of them, and as many as possible count
 * (augmenting paths). Answers how many each rule has, at most `quorum`.
 */
function shareOut(
  rules: readonly (readonly string[])[],
  people: readonly Approver[],
  quorum: number,
): readonly number[] {
  const seats = rules.flatMap((names, rule) =>
    Array.from({ length: quorum }, () => ({ names, rule })),
  )
  const taken = new Map<Approver, number>()
  const place = (seat: number, tried: Set<Approver>): boolean => {
    for (const person of people) {
      if (tried.has(person) || !meets(seats[seat]?.names ?? [], person)) continue
      tried.add(person)
      const other = taken.get(person)
      if (other !== undefined && !place(other, tried)) continue
      taken.set(person, seat)
      return true
    }
    return false
  }
  for (const seat of seats.keys()) place(seat, new Set())
  const filled = new Set(taken.values())
  return rules.map(
    (_, rule) => seats.filter((each, i) => each.rule === rule && filled.has(i)).length,
  )
}

const DETAIL: Readonly<Record<IneligibilityReason, string>> = {
  not_pending: 'the request is not waiting for an answer any more',
  expired: 'the request expired without an answer, which denies it',
  not_active: 'only active people can answer',
  own_request: 'the call is made on your own behalf; someone else has to look at it',
  behind_request:
    'you asked for it in its conversation or in a task above, or own an agent behind it; someone else has to look at it',
  not_an_approver: 'the policy that asks does not name you or a group of yours',
  already_answered: 'you have answered already',
}

function not(why: IneligibilityReason): Eligibility {
  return { may: false, why, detail: DETAIL[why] }
}

/**
 * Answers that a person may give now, or why there are none. A deny is still taken after an
 * approval that is not used yet, also from the one who approved: it only reduces.
 */
export function mayAnswer(
  person: Approver,
  request: AccessRequest & EligibilityQuestion,
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
