import { listWaiting } from '../../../approvals/access-requests/index.ts'
import { listBreakGlass } from '../../../approvals/approvals/break-glass/index.ts'
import { listAgents } from '../../../identity/agents/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import { type AnswerFigures, answerFigures } from '../../../tasks/approval-desk/index.ts'
import { findDecision, listDecisions } from '../../../tasks/decision-log/index.ts'
import { findTask, listTasks } from '../../../tasks/tasks/index.ts'
import type { RequestItem } from '../approval/approvals-page.ts'
import type { BreakGlassItem } from '../approval/break-glass-page.ts'
import { itemOf as breakGlassItem } from '../approval/break-glass-routes.ts'
import { requestItems } from '../approval/request-lists.ts'
import { decisionItems } from '../decision/decision-routes.ts'
import type { DecisionItem } from '../decision/decision-words.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { taskItems } from '../task/task-routes.ts'
import type { TaskItem } from '../task/tasks-page.ts'

const IN_A_PAGE = 50
/** Decisions that are looked through for refusals at once. */
const LOOKED_THROUGH = 500

/** Lists of the organization, by the names in the address. */
export const LISTS = {
  waiting: 'Waiting for people',
  tasks: 'Open tasks',
  agents: 'Agents',
  refusals: 'Recent refusals',
  answers: 'How people answer',
  'break-glass': 'Break-glass',
} as const
export type ListName = keyof typeof LISTS

export interface AgentItem {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly status: 'active' | 'suspended' | 'retired'
}

/** Items of one list. */
export type OrganizationList =
  | { readonly name: 'waiting'; readonly items: readonly RequestItem[] }
  | { readonly name: 'tasks'; readonly items: readonly TaskItem[] }
  | { readonly name: 'agents'; readonly items: readonly AgentItem[] }
  | { readonly name: 'refusals'; readonly items: readonly DecisionItem[] }
  | { readonly name: 'break-glass'; readonly items: readonly BreakGlassItem[] }
  | {
      readonly name: 'answers'
      readonly items: readonly (AnswerFigures & { readonly who: string })[]
    }

type Content = (
  parts: PageParts,
  after: string | undefined,
  viewer: Person,
) => Promise<{ readonly list: OrganizationList; readonly next: string | undefined }>

/** One more is looked for than is shown, so that the page knows whether there are more. */
function pageOf<T extends { readonly id: string }>(found: readonly T[]) {
  const shown = found.slice(0, IN_A_PAGE)
  return { shown, next: found.length > IN_A_PAGE ? shown.at(-1)?.id : undefined }
}

/** Reads each list, from behind an id. */
export const CONTENT: Readonly<Record<ListName, Content>> = {
  async waiting(parts, after) {
    const { next, shown } = pageOf(
      await listWaiting(parts.decisions, { after, limit: IN_A_PAGE + 1 }),
    )
    return { list: { name: 'waiting', items: await requestItems(parts, shown) }, next }
  },
  async tasks(parts, after) {
    const { read } = parts.decisions.storage
    const edge = after === undefined ? undefined : await findTask(read, after)
    const page = { state: 'open', limit: IN_A_PAGE + 1, ...(edge && { after: edge }) } as const
    const { next, shown } = pageOf(await listTasks(read, page))
    return { list: { name: 'tasks', items: await taskItems(parts, shown) }, next }
  },
  async agents(parts, after) {
    const names = new Names(parts)
    const page = { limit: IN_A_PAGE + 1, ...(after === undefined ? {} : { after }) }
    const { next, shown } = pageOf(await listAgents(parts.decisions.storage.read, page))
    const items = shown.map(async ({ id, name, ownerId, status }) => ({
      ...{ id, name, status },
      owner: await names.person(ownerId),
    }))
    return { list: { name: 'agents', items: await Promise.all(items) }, next }
  },
  async refusals(parts, after) {
    const { read } = parts.decisions.storage
    const edge = after === undefined ? undefined : await findDecision(read, after)
    const page = { limit: LOOKED_THROUGH, ...(edge && { after: edge }) }
    const looked = await listDecisions(read, page)
    const refused = looked.filter(({ outcome }) => outcome === 'deny').slice(0, IN_A_PAGE)
    const last = refused.length === IN_A_PAGE ? refused.at(-1) : looked.at(-1)
    const more = refused.length === IN_A_PAGE || looked.length === LOOKED_THROUGH
    return {
      list: { name: 'refusals', items: await decisionItems(parts, refused) },
      next: more ? last?.id : undefined,
    }
  },
  async answers(parts) {
    const names = new Names(parts)
    const figures = (await answerFigures(parts.decisions)).map(async (each) => ({
      ...each,
      who: await names.person(each.personId),
    }))
    return { list: { name: 'answers', items: await Promise.all(figures) }, next: undefined }
  },
  async 'break-glass'(parts, after, viewer) {
    const names = new Names(parts)
    const page = { limit: IN_A_PAGE + 1, after }
    const found = await listBreakGlass(parts.decisions, viewer, page)
    const { next, shown } = pageOf(
      await Promise.all(found.map((each) => breakGlassItem(each, names))),
    )
    return { list: { name: 'break-glass', items: shown }, next }
  },
}
