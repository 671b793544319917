import type { PolicyEntity } from '@remit/engine'
import type { CallParts } from '../../calls/calls/index.ts'
import type { Agent } from '../../identity/agents/index.ts'
import { findPerson, type Person } from '../../identity/people/index.ts'
import { parseInWorker } from '../../policy/cedar/index.ts'
import { EverSet, schemaInSteps } from '../../policy/policy/index.ts'
import {
  agentEntity,
  groupEntities,
  personEntity,
  resourceEntity,
} from '../../tasks/facts/index.ts'

/** Entities of a question; the one that it is about comes first. */
export type PrincipalFirst = readonly [PolicyEntity, ...PolicyEntity[]]

type Parts = Pick<CallParts, 'storage' | 'catalog' | 'policies' | 'clock'>

/** The policies in force, asked about every call at once. */
export async function everOf(
  parts: Parts,
): Promise<{ readonly version: number; readonly set: EverSet }> {
  const { version } = await parts.policies.active()
  const text = version === 0 ? '' : (await parts.policies.version(version)).text
  const { actions } = await parts.catalog.current()
  return {
    version,
    set: new EverSet(text, await parseInWorker(text), await schemaInSteps(actions.values())),
  }
}

/** A person as policies see them, with their groups. */
export function personEntities(person: Person, resource: string): PrincipalFirst {
  return [personEntity(person), ...groupEntities([person]), resourceEntity(resource)]
}

/** An agent as policies see it, with its owner. */
export async function agentEntities(
  { storage }: Pick<Parts, 'storage'>,
  agent: Agent,
  resource: string,
): Promise<PrincipalFirst> {
  const owner = await findPerson(storage.read, agent.ownerId)
  return [
    agentEntity(agent),
    ...(owner ? personEntities(owner, resource) : [resourceEntity(resource)]),
  ]
}
