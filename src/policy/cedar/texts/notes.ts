import type * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { durationInWords } from '../../../platform/lib/duration.ts'
import { readAnnotations } from '../annotations.ts'

type PolicyJson = cedar.PolicyJson

/**
 * Writes what a change of a rule means, as far as it can be told without evaluating. Empty: it
 * means the same as before.
 */
export function notesOn(before: PolicyJson, after: PolicyJson): readonly string[] {
  if (before.effect !== after.effect) {
    return [
      before.effect === 'permit' ? 'permitted before, forbids now' : 'forbade before, permits now',
    ]
  }
  const { effect } = after
  return [
    ...scopeNotes('principal', before, after),
    ...actionNotes(before, after),
    ...scopeNotes('resource', before, after),
    ...conditionNotes(effect, before, after),
    ...askingNotes(before, after),
  ]
}

function scopeNotes(part: 'principal' | 'resource', before: PolicyJson, after: PolicyJson) {
  const was = scopeWords(before[part])
  const now = scopeWords(after[part])
  const about = part === 'principal' ? 'for' : 'at'
  return was === now ? [] : [`${about} ${now}, no longer ${about} ${was}`]
}

/** `Group::"support"`, `any Person`, `anything`. */
function scopeWords(scope: PolicyJson['principal'] | PolicyJson['resource']): string {
  if (scope.op === 'All') return 'anything'
  const named = 'entity' in scope ? refWords(scope.entity) : undefined
  if (scope.op === 'is') {
    const within = 'in' in scope && scope.in && 'entity' in scope.in ? scope.in.entity : undefined
    return within ? `any ${scope.entity_type} in ${refWords(within)}` : `any ${scope.entity_type}`
  }
  if (named === undefined) return 'what a link names'
  return scope.op === 'in' ? `whatever is in ${named}` : named
}

function refWords(ref: cedar.EntityUidJson): string {
  const { id, type } = '__entity' in ref ? ref.__entity : ref
  return `${type}::"${id}"`
}

function actionNotes(before: PolicyJson, after: PolicyJson): readonly string[] {
  const was = actionsOf(before)
  const now = actionsOf(after)
  if (!was || !now) {
    if (was === now) return []
    return [now ? 'only for the named actions now' : 'for every action now']
  }
  const more = [...now].filter((name) => !was.has(name))
  const less = [...was].filter((name) => !now.has(name))
  return [
    ...(more.length > 0 ? [`also for ${more.join(', ')}`] : []),
    ...(less.length > 0 ? [`no longer for ${less.join(', ')}`] : []),
  ]
}

function actionsOf({ action }: PolicyJson): ReadonlySet<string> | undefined {
  if (action.op === 'All') return undefined
  const refs = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : []
  return new Set(refs.map((ref) => ('__entity' in ref ? ref.__entity.id : ref.id)))
}

function conditionNotes(
  effect: PolicyJson['effect'],
  before: PolicyJson,
  after: PolicyJson,
): readonly string[] {
  const texts = ({ conditions }: PolicyJson) => conditions.map((each) => JSON.stringify(each))
  const was = texts(before)
  const now = texts(after)
  const gone = was.filter((each) => !now.includes(each)).length
  const come = now.filter((each) => !was.includes(each)).length
  if (gone === 0 && come === 0) return []
  const more = effect === 'permit' ? 'permits' : 'forbids'
  if (come === 0) return [`${counted(gone)} fell away: it ${more} more`]
  if (gone === 0) return [`${counted(come)} was added: it ${more} less`]
  return [`what it depends on changed`]
}

function counted(count: number): string {
  return count === 1 ? 'a condition' : `${count} conditions`
}

function askingNotes(before: PolicyJson, after: PolicyJson): readonly string[] {
  const was = asking(before)
  const now = asking(after)
  if (!was || !now) {
    if (!was && !now) return []
    return [now ? `people can lift it now: ${now.approvers}` : 'no one can lift it any more']
  }
  const notes: string[] = []
  if (was.approvers !== now.approvers)
    notes.push(`lifted by ${now.approvers}, no longer by ${was.approvers}`)
  if (was.quorum !== now.quorum) notes.push(`needs ${now.quorum} people, before ${was.quorum}`)
  if (was.lifetime !== now.lifetime)
    notes.push(`an approval counts for ${now.lifetime} s, before ${was.lifetime} s`)
  if (was.self !== now.self)
    notes.push(
      now.self ? 'those it is for may lift it, too' : 'those it is for may not lift it any more',
    )
  if (was.stepUp !== now.stepUp)
    notes.push(`people who lift it have to have signed in: ${now.stepUp || 'in any way'}`)
  if (was.editable !== now.editable)
    notes.push(`approvers may lower or shorten ${now.editable || 'no argument'}`)
  if (was.breakGlass !== now.breakGlass)
    notes.push(`in an emergency, approved by one person alone: ${now.breakGlass || 'no one'}`)
  if (was.signature !== now.signature)
    notes.push(
      now.signature ? 'an approval has to be signed' : 'an approval is not signed any more',
    )
  if (was.escalation !== now.escalation)
    notes.push(`asked later, too: ${now.escalation || 'no one'}`)
  if (was.fallback !== now.fallback)
    notes.push(`where manager and owner mean no one: ${now.fallback || 'no one is asked'}`)
  if (was.barred !== now.barred)
    notes.push(`who may not lift it, beside those who asked: ${now.barred || 'no one'}`)
  if (was.inPerson !== now.inPerson)
    notes.push(now.inPerson ? 'stand-ins may not lift it' : 'stand-ins may lift it, too')
  return notes
}

function asking({ annotations = {}, effect }: PolicyJson) {
  const { requestable } = readAnnotations(effect, annotations, '')
  if (!requestable) return undefined
  const {
    approvers,
    breakGlass = [],
    barsAgentOwners,
    editable = [],
    escalation = [],
    fallback = [],
    furtherApprovers = [],
    inPerson,
    lifetimeSeconds: lifetime,
    quorum,
    self,
    signature,
  } = requestable
  const stepUp = annotations.approver_step_up ?? ''
  return {
    ...{ inPerson, lifetime, quorum, self, signature, stepUp },
    approvers: [approvers, ...furtherApprovers].map((names) => names.join(' or ')).join(', and '),
    escalation: escalation
      .map(({ afterSeconds, name }) => `${name} after ${durationInWords(afterSeconds * 1000)}`)
      .join(', '),
    fallback: fallback.join(' or '),
    barred: barsAgentOwners && 'owners of the agents',
    breakGlass: breakGlass.join(' or '),
    editable: editable.map((path) => path.slice(1)).join(', '),
  }
}
