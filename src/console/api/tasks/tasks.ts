import { listNotices } from '../../../calls/calls/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { findPerson } from '../../../identity/people/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { showLimitsOver } from '../../../tasks/budgets/index.ts'
import { findDecision, listDecisions } from '../../../tasks/decision-log/index.ts'
import { explain } from '../../../tasks/explanations/index.ts'
import {
  closeAllTasks,
  closeTask,
  findTask,
  listTasks,
  openTree,
  resumeTask,
  suspendTask,
  type Task as TaskNoun,
  type TaskTree,
  treeOf,
} from '../../../tasks/tasks/index.ts'
import { DECISIONS } from '../../api-operations/decisions/decisions.ts'
import { Notice, TASKS } from '../../api-operations/tasks.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { requireAgent } from '../agents/shown-agent.ts'
import { explanationShape, operatorShape } from '../explanation.ts'
import { toJson } from '../json.ts'
import { limitShapes } from '../limits.ts'
import { personNames } from '../names.ts'
import { type ApiCaller, acts } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { decisionShape, taskShape } from '../shapes.ts'
import { shownTask, shownTasks } from './shown-task.ts'

const NOTICE = Notice(kit)
const DEFAULT_LIMIT = 50
const MAX = 200
/** More than can be open in one tree. */
const MAX_OF_TREE = 500

function pageLimit(text: string | undefined): number {
  return Math.min(Number(text ?? DEFAULT_LIMIT), MAX)
}

type Role = 'person' | 'owner' | 'administrator'

/**
 * A task the caller may see, and what they are to it: the represented person, the owner of its agent, or an administrator.
 * Others look like none at all.
 */
async function visibleTask(
  parts: Pick<ApiParts, 'agents' | 'decisions'>,
  caller: ApiCaller,
  id: string,
): Promise<{ task: TaskNoun; role: Role }> {
  const task = await findTask(parts.decisions.storage.read, id)
  const agent = task && (await findAgent(parts.agents.storage.read, task.agentId))
  const role = task && roleOf(caller, { personId: task.personId, ownerId: agent?.ownerId })
  if (!task || !role) throw new Problem('task.unknown', `there is no task \`${id}\``)
  return { task, role }
}

function roleOf(
  { administrator, person }: ApiCaller,
  of: { personId: string; ownerId: string | undefined },
): Role | undefined {
  if (administrator) return 'administrator'
  if (of.ownerId === person.id) return 'owner'
  return of.personId === person.id ? 'person' : undefined
}

/** INVARIANT: the owner of one agent of a tree sees nothing above or beside its task. */
async function treeFor(
  { decisions }: Pick<ApiParts, 'decisions'>,
  caller: ApiCaller,
  task: TaskNoun,
): Promise<TaskTree> {
  const { read } = decisions.storage
  const whole = caller.administrator || task.personId === caller.person.id
  if (whole) return treeOf(read, task, MAX_OF_TREE)
  const below = (await openTree(read, task.id)).filter(({ id }) => id !== task.id)
  return { tasks: [task, ...below], more: false }
}

/** Only what the caller may see, whatever was asked for. */
function mine(caller: ApiCaller): { personId?: string } {
  return caller.administrator ? {} : { personId: caller.person.id }
}

export const TASK_OPERATIONS = [
  ...acts(TASKS, {
    list: async (parts, { caller, query }) => {
      const { agent, limit, state } = query
      const tasks = await listTasks(parts.decisions.storage.read, {
        ...mine(caller),
        ...(agent === undefined ? {} : { agentId: agent }),
        ...(state === undefined ? {} : { state }),
        limit: pageLimit(limit),
      })
      return { tasks: tasks.map(taskShape) }
    },
    show: async (parts, { caller, params }) =>
      shownTask(parts, (await visibleTask(parts, caller, params.id)).task),
    tree: async (parts, { caller, params }) => {
      const { task } = await visibleTask(parts, caller, params.id)
      const { tasks, more } = await treeFor(parts, caller, task)
      return { tasks: await shownTasks(parts, tasks), more }
    },
    limits: async (parts, { caller, params }) => {
      const { task } = await visibleTask(parts, caller, params.id)
      const held = await parts.decisions.facts.task(task.id)
      const of = { personId: task.personId, agents: held?.chain ?? [], spaces: held?.spaces ?? [] }
      const { administrator, person } = caller
      const viewer = { administrator, personId: person.id }
      const limits = await showLimitsOver(parts.decisions, of, viewer)
      return { limits: await limitShapes(parts, limits) }
    },
    notices: async (parts, { caller, query }) => {
      const { read } = parts.decisions.storage
      const notices = await listNotices(read, caller.person, pageLimit(query.limit))
      return { notices: notices.map((notice) => toJson(NOTICE, notice)) }
    },
    close: async (parts, { body, caller, params }) => {
      const { role } = await visibleTask(parts, caller, params.id)
      const closing = { taskId: params.id, by: caller.person.id, reason: role, note: body.reason }
      return taskShape(await closeTask(parts.decisions, closing))
    },
    'close-all': async (parts, { body, caller }) => {
      const { agent: agentId, person: personId, reason: note } = body
      if (agentId === undefined && personId === undefined)
        throw new Problem('input.malformed', 'name an agent, a person, or both')
      if (agentId !== undefined) await requireAgent(parts, agentId)
      if (personId !== undefined && !(await findPerson(parts.people.storage.read, personId)))
        throw new Problem('person.unknown', `there is no person \`${personId}\``)
      const why = { by: caller.person.id, reason: 'administrator', note }
      return { closed: await closeAllTasks(parts.decisions, why, { agentId, personId }) }
    },
    suspend: async (parts, { body: { reason = 'suspend by a person' }, caller, params }) => {
      await visibleTask(parts, caller, params.id)
      const change = { taskId: params.id, by: caller.person.id, reason }
      return taskShape(await suspendTask(parts.decisions, change))
    },
    resume: async (parts, { body: { reason = 'resume by a person' }, caller, params }) => {
      const { role } = await visibleTask(parts, caller, params.id)
      // INVARIANT: who a task is for does not undo what those who answer for the agent have stopped.
      if (role === 'person')
        throw new Problem(
          'api.not_permitted',
          'the owner of the agent or an administrator resumes it',
        )
      const change = { taskId: params.id, by: caller.person.id, reason }
      return taskShape(await resumeTask(parts.decisions, change))
    },
  }),
  ...acts(DECISIONS, {
    list: async (parts, { caller, query }) => {
      const { agent, limit, task } = query
      const decisions = await listDecisions(parts.decisions.storage.read, {
        ...mine(caller),
        ...(agent === undefined ? {} : { agentId: agent }),
        ...(task === undefined ? {} : { taskId: task }),
        limit: pageLimit(limit),
      })
      return { decisions: decisions.map(decisionShape) }
    },
    explain: async (parts, { caller, params }) => {
      const decision = await findDecision(parts.decisions.storage.read, params.id)
      if (!decision || !(caller.administrator || decision.personId === caller.person.id)) {
        throw new Problem('decision.unknown', `there is no decision \`${params.id}\``)
      }
      if (!caller.administrator) {
        return explanationShape(decision, await explain(parts.decisions, params.id, 'person'))
      }
      const [told, name] = await Promise.all([
        explain(parts.decisions, params.id, 'operator'),
        personNames(parts, [decision.personId]),
      ])
      return operatorShape(decision, told, name(decision.personId))
    },
  }),
]
