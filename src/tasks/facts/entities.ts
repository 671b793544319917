import type { EntityRef, PolicyEntity } from '@remit/engine'
import { type Agent, originOf } from '../../identity/agents/index.ts'
import type { Person } from '../../identity/people/index.ts'
import type { SpaceLine } from '../../identity/spaces/index.ts'
import { attributeRecord } from '../../policy/policy/index.ts'

/** People, agents and groups as policies see them. Attributes come from our own books, never from a request. */
export function personEntity(person: Person): PolicyEntity {
  return {
    uid: personRef(person.id),
    attributes: {
      issuer: person.issuer,
      subject: person.subject,
      ...(person.email === undefined ? {} : { email: person.email }),
      ...attributeRecord(person.attributes),
    },
    parents: person.groups.map(groupRef),
  }
}

export function agentEntity(agent: Agent): PolicyEntity {
  return {
    uid: { type: 'Agent', id: agent.id },
    attributes: {
      trust: { integer: String(agent.trust) },
      owner: { entity: personRef(agent.ownerId) },
      origin: originOf(agent),
    },
    parents: [],
  }
}

export function resourceEntity(name: string): PolicyEntity {
  return { uid: { type: 'Resource', id: name }, attributes: {}, parents: [] }
}

export function groupEntities(people: readonly Person[]): PolicyEntity[] {
  const names = new Set(people.flatMap(({ groups }) => groups))
  return Array.from(names, (name) => ({ uid: groupRef(name), attributes: {}, parents: [] }))
}

export function personRef(id: string): EntityRef {
  return { type: 'Person', id }
}

/** A space and those above it, each in the next. */
export function spaceEntities(line: SpaceLine): PolicyEntity[] {
  return line.map(({ id, parentId }) => ({
    uid: spaceRef(id),
    attributes: {},
    parents: parentId === null ? [] : [spaceRef(parentId)],
  }))
}

export function spaceRef(id: string): EntityRef {
  return { type: 'Space', id }
}

function groupRef(id: string): EntityRef {
  return { type: 'Group', id }
}
