import { Answers } from '../../catalog/catalog/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  EVERYTHING,
  type LimitSubject,
  misfitOfAnswers,
  readBudget,
  removeLimit,
  type ShownLimit,
  setLimit,
  showLimits,
} from '../../tasks/budgets/index.ts'
import { LIMITS, type LimitAnswer, StandingLimit } from '../api-operations/limits.ts'
import * as kit from '../operation-kit/schemas.ts'
import { toJson } from './json.ts'
import { personNames } from './names.ts'
import { type ApiCaller, acts } from './operation.ts'
import type { ApiParts } from './parts.ts'

const MAX_LISTED = 1000
const STANDING = StandingLimit(kit)

/**
 * Standing limits, whatever tasks are open: for a person, an agent, a space, or everything
 * together.
 */
export const LIMIT_OPERATIONS = acts(LIMITS, {
  list: async (parts, { caller, query }) => {
    const { kind, subject: id } = query
    const wanted = { ...(kind && { kind }), ...(id === undefined ? {} : { id }) }
    const subject = caller.administrator ? wanted : ownOf(caller, wanted)
    const limits = subject ? await showLimits(parts.decisions, { subject, most: MAX_LISTED }) : []
    return { limits: await limitShapes(parts, limits) }
  },
  set: async (parts, { body, caller }) => {
    const read = readBudget([body.limit], await parts.decisions.catalog.current())
    if (!read.ok) throw new Problem('limit.bad_terms', read.reason.replace('budget[0]', 'limit'))
    const [limit] = read.limits
    if (!limit) throw new Error('one limit was read, and there is none')
    const misfit = await misfitOfAnswers(read.limits, new Answers(parts.decisions.storage.read))
    if (misfit !== undefined) throw new Problem('limit.bad_terms', misfit)
    const { each_task: eachTask = false } = body
    const subject = subjectFrom(body.subject)
    const by = caller.person.id
    const standing = await setLimit(parts.decisions, { subject, eachTask, limit, by })
    const shown = await showLimits(parts.decisions, { subject, most: MAX_LISTED })
    return shapeOf(
      parts,
      shown.find((each) => each.standing.id === standing.id),
    )
  },
  remove: async (parts, { caller, params }) => {
    await removeLimit(parts.decisions, { id: params.id, by: caller.person.id })
    return {}
  },
})

function ownOf(
  { person }: ApiCaller,
  { id = person.id, kind = 'person' }: Partial<LimitSubject>,
): LimitSubject | undefined {
  return kind === 'person' && id === person.id ? { kind, id } : undefined
}

/** @throws Problem `limit.unknown_subject` */
function subjectFrom({ id, kind }: { kind: LimitSubject['kind']; id?: string }): LimitSubject {
  if (kind === 'organization' && id === undefined) return EVERYTHING
  if (id === undefined) throw new Problem('limit.unknown_subject', `say which ${kind} it is for`)
  return { kind, id }
}

async function shapeOf(
  parts: Pick<ApiParts, 'people'>,
  limit: ShownLimit | undefined,
): Promise<LimitAnswer> {
  const [shape] = limit ? await limitShapes(parts, [limit]) : []
  if (!shape) throw new Problem('limit.unknown', 'the limit was removed at the same time')
  return shape
}

export async function limitShapes(
  parts: Pick<ApiParts, 'people'>,
  limits: readonly ShownLimit[],
): Promise<LimitAnswer[]> {
  const people = limits.filter(({ standing }) => standing.subject.kind === 'person')
  const nameOf = await personNames(
    parts,
    people.map(({ standing }) => standing.subject.id),
  )
  return limits.map(({ standing, use }) => {
    const { subject } = standing
    const name = subject.kind === 'person' ? nameOf(subject.id) : null
    return toJson(STANDING, standing, {
      subject: { ...subject, name },
      limit: use ?? standing.limit,
    })
  })
}
