import type { Static } from 'typebox'
import type { ListedRequest } from '../access-requests/index.ts'
import { type Agent, originOf, vouchedBy } from '../agents/index.ts'
import type { Action, Resource } from '../catalog/index.ts'
import type { StoredDecision } from '../decision-log/index.ts'
import {
  AccessRequest,
  Decision,
  Person as PersonJson,
  type Resource as ResourceShape,
  Task as TaskJson,
} from '../operations/schemas.ts'
import type { Person } from '../people/index.ts'
import type { Task } from '../tasks/index.ts'
import { toJson } from './json.ts'

/** Nouns as they look on the wire of the management API: snake_case, times as RFC 3339. */

export function time(at: number): string {
  return new Date(at).toISOString()
}

export function personShape(person: Person) {
  return toJson(PersonJson, person)
}

export function agentShape(agent: Agent, ownerName: string | null) {
  const { admission, ceiling, createdAt, description, id, name, notifyAt, ownerId, status, trust } =
    agent
  return {
    id,
    name,
    description,
    owner: ownerId,
    owner_name: ownerName,
    trust,
    status,
    ceiling: [...ceiling],
    created_at: time(createdAt),
    admission,
    notify_at: notifyAt,
    origin: originOf(agent),
    vouched_by: vouchedBy(agent),
    client_url: agent.clientUrl,
    suspended_for: agent.suspendedFor,
    recertify_by: agent.certification && time(agent.certification.until),
    recertify_days: agent.certification?.days ?? null,
  }
}

export function resourceShape(resource: Resource): Static<typeof ResourceShape> {
  const { connection, identifier, mode, name, protocol, server, status, title, trusted, upstream } =
    resource
  return {
    name,
    title,
    identifier,
    mode,
    upstream,
    trusted,
    connection: connection ?? null,
    protocol,
    server: server ?? null,
    mappings_trusted: resource.mappingsTrusted === true,
    tokens: { form: resource.tokenForm ?? 'jwt', subjects: resource.subjects ?? 'public' },
    status,
  }
}

/** What people know of an API who do not run it: what agents call it by, and nothing of what is behind. */
export function publicResourceShape(resource: Resource) {
  return { ...resourceShape(resource), upstream: null, connection: null, server: null }
}

export function actionShape(action: Action) {
  const {
    accepted,
    access,
    arguments: schema,
    counterparty,
    definition,
    description,
    method,
    name,
    path,
    quarantined,
    risk,
    riskProposed,
    sentence,
    size,
    untyped,
  } = action
  return {
    name,
    method,
    path,
    access,
    risk,
    risk_proposed: riskProposed,
    sentence,
    counterparty: counterparty ?? null,
    size: size ?? null,
    definition: definition ?? null,
    arguments: schema,
    untyped: [...untyped],
    description: description ?? null,
    accepted_at: accepted ? time(accepted.at) : null,
    quarantined: quarantined === true,
  }
}

export function taskShape(task: Task) {
  return toJson(TaskJson, task)
}

export function requestShape(request: ListedRequest, issuer: string) {
  return toJson(AccessRequest, request, { page: `${issuer}/approvals/${request.id}` })
}

export function decisionShape(decision: StoredDecision) {
  return toJson(Decision, decision)
}
