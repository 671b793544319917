import type { Static } from 'typebox'
import type { ListedRequest } from '../../approvals/access-requests/index.ts'
import type { Action, Resource } from '../../catalog/catalog/index.ts'
import { type Agent, originOf, vouchedBy } from '../../identity/agents/index.ts'
import type { Person } from '../../identity/people/index.ts'
import { takesBearer } from '../../identity/possession/index.ts'
import type { StoredDecision } from '../../tasks/decision-log/index.ts'
import type { Task } from '../../tasks/tasks/index.ts'
import {
  AccessRequest,
  Action as ActionJson,
  Agent as AgentJson,
  Decision,
  Person as PersonJson,
  Resource as ResourceJson,
  Task as TaskJson,
} from '../operation-kit/schemas.ts'
import { toJson } from './json.ts'

/** Nouns as they look on the wire of the management API: snake_case, times as RFC 3339. */

export function time(at: number): string {
  return new Date(at).toISOString()
}

export function personShape(person: Person) {
  return toJson(PersonJson, person)
}

export function agentShape(agent: Agent, ownerName: string | null) {
  return toJson(AgentJson, agent, {
    owner_name: ownerName,
    origin: originOf(agent),
    vouched_by: vouchedBy(agent),
    recertify_by: agent.certification && time(agent.certification.until),
    recertify_days: agent.certification?.days ?? null,
  })
}

export function resourceShape(resource: Resource): Static<typeof ResourceJson> {
  return toJson(ResourceJson, resource, {
    mappings_trusted: resource.mappingsTrusted === true,
    server_asks: resource.serverAsks ?? 'nothing',
    shows: resource.shows ?? 'callable',
    members: resource.members ? [...resource.members] : null,
    owners: [...(resource.owners ?? [])],
    tokens: {
      form: resource.tokenForm ?? 'jwt',
      subjects: resource.subjects ?? 'public',
      bearer: takesBearer(resource) ? 'allowed' : 'refused',
      claims: [...(resource.claims ?? [])],
    },
  })
}

/**
 * Shape of an API for people who do not run it: its names for agents, and nothing of its
 * upstream.
 */
export function publicResourceShape(resource: Resource) {
  return { ...resourceShape(resource), upstream: null, connection: null, server: null }
}

export function actionShape(action: Action) {
  return toJson(ActionJson, action, {
    accepted_at: action.accepted ? time(action.accepted.at) : null,
    displays: action.displays ?? {},
    names: action.names ?? [],
    preview: action.preview ? { shows: 'now', ...action.preview } : null,
    quarantined: action.quarantined === true,
  })
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
