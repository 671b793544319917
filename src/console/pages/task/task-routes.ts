import { listForTask } from '../../../approvals/access-requests/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { budgetUse, type ShownLimit, showLimitsOver } from '../../../tasks/budgets/index.ts'
import { basesOfPerson, findBasis } from '../../../tasks/consent/index.ts'
import { listDecisions } from '../../../tasks/decision-log/index.ts'
import { findSponsorGrant } from '../../../tasks/sponsorship/index.ts'
import {
  closeTask,
  endBasis,
  findTask,
  listTasks,
  resumeTask,
  suspendTask,
  type Task,
} from '../../../tasks/tasks/index.ts'
import { requestItems } from '../approval/request-lists.ts'
import { decisionItems } from '../decision/decision-routes.ts'
import { titlesIn } from '../frame/authority.ts'
import { mayChange, type Role, roleOf } from '../frame/task-role.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { mistakeOf, notFound, type PageRouter, type Visit, type Visitor } from '../visit.ts'
import { isListed } from './sponsor-grant-routes.ts'
import { type TaskView, taskPage } from './task-page.ts'
import { type TaskItem, tasksPage } from './tasks-page.ts'
import { treeView } from './tree-view.ts'

const RECENT = 10
const MAX = 50

export function addTasks(desk: PageRouter, parts: Pick<PageParts, 'decisions' | 'people'>): void {
  desk.get('/tasks', async (visit) => tasksPage(await listView(parts, visit)))
  desk.get('/tasks/:id', async (visit) => taskPage(await viewOf(parts, visit)))

  const act = (name: string, change: (task: Task, by: Role) => Promise<unknown>) => {
    desk.post(`/tasks/:id/${name}`, async (form) => {
      const { task, role } = await requireTask(parts, form)
      if (!mayChange(role)[name === 'end' ? 'end' : 'suspend']) throw notFound()
      try {
        await change(task, role)
      } catch (error) {
        const { detail, status } = mistakeOf(error, 'task.')
        return { page: taskPage({ ...(await viewOf(parts, form)), mistake: detail }), status }
      }
      return { to: `/tasks/${task.id}` }
    })
  }
  act('end', (task, { by, reason }) => closeTask(parts.decisions, { taskId: task.id, by, reason }))
  act('suspend', (task, { by, reason }) =>
    suspendTask(parts.decisions, { taskId: task.id, by, reason }),
  )
  act('resume', (task, { by, reason }) =>
    resumeTask(parts.decisions, { taskId: task.id, by, reason }),
  )

  desk.post('/bases/:id/end', async ({ visitor, id }) => {
    const basis = await findBasis(parts.decisions.storage.read, id)
    if (basis?.personId !== visitor.person.id) throw notFound()
    await endBasis(parts.decisions, { basisId: id, by: visitor.person.id })
    return { to: '/tasks' }
  })
}

async function requireTask(
  parts: Pick<PageParts, 'decisions'>,
  { visitor, id }: Visit,
): Promise<{ task: Task; role: Role }> {
  const task = await findTask(parts.decisions.storage.read, id)
  const role = task && (await roleOf(parts, visitor, task))
  if (!task || !role) throw notFound()
  return { task, role }
}

export async function taskItems(
  parts: Pick<PageParts, 'people'>,
  tasks: readonly Task[],
): Promise<TaskItem[]> {
  const names = new Names(parts)
  return Promise.all(
    tasks.map(async (task) => ({ ...task, agent: await names.agent(task.agentId) })),
  )
}

async function listView(parts: Pick<PageParts, 'decisions' | 'people'>, { visitor, now }: Visit) {
  const { read } = parts.decisions.storage
  const names = new Names(parts)
  const personId = visitor.person.id
  const bases = await basesOfPerson(read, personId, now)
  const catalog = await parts.decisions.catalog.current()
  const ended = await listTasks(read, { personId, state: 'closed', limit: RECENT })
  return {
    now,
    viewer: visitor.viewer,
    running: await runningTasks(parts, personId),
    ended: await taskItems(parts, ended),
    bases: await Promise.all(
      bases.map(async (basis) => ({ ...basis, agent: await names.agent(basis.agentId) })),
    ),
    titleOf: titlesIn(catalog),
  }
}

/** A person's tasks that are not closed, newest first. */
export async function runningTasks(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  personId: string,
): Promise<TaskItem[]> {
  const { read } = parts.decisions.storage
  const open = await listTasks(read, { personId, state: 'open', limit: MAX })
  const suspended = await listTasks(read, { personId, state: 'suspended', limit: MAX })
  return taskItems(
    parts,
    [...open, ...suspended].toSorted((a, b) => b.openedAt - a.openedAt),
  )
}

async function viewOf(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  visit: Visit,
): Promise<TaskView> {
  const { visitor, now, id } = visit
  const { task, role } = await requireTask(parts, visit)
  const { read } = parts.decisions.storage
  const names = new Names(parts)
  const agent = await findAgent(read, task.agentId)
  const catalog = await parts.decisions.catalog.current()
  const requests = await listForTask(parts.decisions, id)
  const waiting = requests.filter(({ state, expiresAt }) => state === 'pending' && expiresAt > now)
  return {
    ...task,
    now,
    viewer: visitor.viewer,
    person: await names.person(task.personId),
    agent: {
      name: agent?.name ?? task.agentId,
      owner: agent ? await names.person(agent.ownerId) : '',
    },
    sponsorGrant: await grantOf(parts, visitor, task),
    limits: await budgetUse(parts.decisions, task),
    standing: await standingOver(parts, visitor, task),
    titleOf: titlesIn(catalog),
    tree: await treeView(parts, visitor, task),
    requests: await requestItems(parts, waiting),
    decisions: await decisionItems(parts, await listDecisions(read, { taskId: id, limit: RECENT })),
    may: mayChange(role),
  }
}

/** Standing limits that are the visitor's to see. */
async function standingOver(
  parts: Pick<PageParts, 'decisions'>,
  { administrator, person }: Visitor,
  { id, personId }: Task,
): Promise<ShownLimit[]> {
  const held = await parts.decisions.facts.task(id)
  const of = { personId, agents: held?.chain ?? [], spaces: held?.spaces ?? [] }
  return showLimitsOver(parts.decisions, of, { administrator, personId: person.id })
}

async function grantOf(
  parts: Pick<PageParts, 'decisions'>,
  { person }: Visitor,
  { sponsorGrantId: id }: Task,
): Promise<TaskView['sponsorGrant']> {
  if (id === null) return undefined
  const grant = await findSponsorGrant(parts.decisions.storage.read, id)
  return grant && { id, listed: await isListed(parts, person, grant) }
}
