import { badDocument } from '../../catalog/argument-types/index.ts'
import type { PlannedResource, Resource } from '../../catalog/catalog/index.ts'
import {
  type CurrentDefinitions,
  type GatewayPorts,
  injectedHeaders,
} from '../../edges/gateway/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { fetchCard } from './agent-card.ts'
import { planAgentImport } from './plan-agent-import.ts'

/**
 * Reads the card of an agent again, where it was read before. INVARIANT: an agent that says it is
 * somewhere else, or whose card another key signs, is not the one that was reviewed: none of its
 * actions is called until an administrator imports it.
 */
export async function askAgent(
  resource: Resource,
  signal: AbortSignal,
  ports: GatewayPorts,
): Promise<CurrentDefinitions> {
  const { headers } = await injectedHeaders(resource, undefined, ports)
  const upstream = resource.server?.card ?? new URL(resource.upstream).origin
  const card = await fetchCard(ports.fetchJson, upstream, { headers, signal })
  return {
    digest: sha256url(canonicalJson(card)),
    plan: async (options) => {
      const plan = planAgentImport(card, { ...options, upstream })
      requireSameAgent(plan.resource, resource)
      return plan
    },
    // A skill is a claim: one that the card does not list any more could still be named in a message.
    listed: ({ kind, name }) => (kind === 'skill' ? skillOf(card, name) : card),
  }
}

function requireSameAgent(said: PlannedResource, reviewed: Resource): void {
  if (said.upstream !== reviewed.upstream)
    throw badDocument(`the agent says that it is at ${said.upstream} now`)
  const signers = ({ server }: Pick<Resource, 'server'>) => (server?.signers ?? []).join(' ')
  if (signers(said) !== signers(reviewed))
    throw badDocument('another key signs the card now, or none')
}

function skillOf(card: JsonObject, name: string): JsonObject {
  const skills = card.get('skills')
  const all: readonly Json[] = Array.isArray(skills) ? skills : []
  const found = all.filter(isObject).find((each) => each.get('id') === name)
  return found ?? new Map([['id', name]])
}
