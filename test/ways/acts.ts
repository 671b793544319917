import assert from 'node:assert/strict'
import { resumeResource, suspendResource } from '../../src/catalog/catalog-changes/index.ts'
import { addPoint, removePoint } from '../../src/extensions/decision-points/index.ts'
import {
  findAgent,
  linkClient,
  resumeAgent,
  retireAgent,
  setTrust,
  suspendAgent,
  unlinkClient,
} from '../../src/identity/agents/index.ts'
import { resumeIssuer, suspendIssuer } from '../../src/identity/issuers/index.ts'
import { removeClient } from '../../src/identity/machine-clients/index.ts'
import { ADMINISTRATORS, addMember } from '../../src/identity/people/index.ts'
import { resumePerson, suspendPerson } from '../../src/identity/sessions/index.ts'
import {
  endThread,
  removeSpace,
  resumeSpace,
  suspendSpace,
} from '../../src/identity/spaces/index.ts'
import { basesOfPerson } from '../../src/tasks/consent/index.ts'
import { endSignal, raiseSignal } from '../../src/tasks/risk/index.ts'
import { endSponsorship } from '../../src/tasks/sponsorship/index.ts'
import { closeTask, endBasis, suspendTask } from '../../src/tasks/tasks/index.ts'
import { HOUSE, type Ways } from './desk.ts'
import { MAILER, PARTNER } from './partner.ts'
import { PLATFORM } from './platform.ts'
import type { Footing, PreparedWay, Way } from './ways.ts'

/** Things that ways made ready, and that an act may take away. */
export interface Possessions {
  readonly tasks: readonly string[]
  readonly agents: readonly string[]
  /** Ways in which clients take their own registration back. */
  readonly leave: readonly (() => Promise<void>)[]
}

export interface Act {
  readonly name: string
  readonly takes: readonly Footing[]
  readonly act: (ways: Ways, ready: Possessions) => Promise<void>
  /** Makes it well again for the acts that follow. */
  readonly undo?: (ways: Ways, ready: Possessions) => Promise<void>
}

export const HOUSE_AGENTS = ['refund-bot', 'helper-bot', 'night-bot', MAILER]
const AGENTS = ['refund-bot', 'helper-bot', 'night-bot', MAILER, 'stranger', 'workload'] as const
export const ISSUERS = [PLATFORM, PARTNER]
export const RESOURCES = ['echo', 'desk', 'direct', 'trips']
/** The rules of these tests forbid everything to whom this is said about. */
const STOLEN = { signal: 'stolen-key', source: 'source:siem' } as const
export const WHY = { by: 'operator', reason: 'test' } as const

const eachAgent = (ready: Possessions, change: (agentId: string) => Promise<void>) =>
  inTurn([...HOUSE_AGENTS, ...ready.agents], change)

const linkOf = (issuer: string) => ({
  ...{ agentId: 'refund-bot', issuer, clientId: 'refund-bot', by: 'operator' },
})

/** Owners of every agent that takes part. */
async function ownersOf({ world }: Ways, { agents }: Possessions): Promise<readonly string[]> {
  const { read } = world.rooms.storage
  const all = await Promise.all([...HOUSE_AGENTS, ...agents].map((id) => findAgent(read, id)))
  return [...new Set(all.flatMap((agent) => agent?.ownerId ?? []))]
}

async function inTurn<T>(all: readonly T[], change: (one: T) => Promise<unknown>): Promise<void> {
  for (const one of all) await change(one)
}

/** Acts that take something away, all there are. What cannot be undone comes last. */
export const ACTS: readonly Act[] = [
  {
    name: 'the people are suspended',
    takes: ['sam', 'fiona'],
    act: ({ world }) =>
      inTurn(['sam', 'fiona'] as const, async (name) => {
        const { id: personId } = await world.person(name)
        await suspendPerson(world.rooms.people, { ...WHY, personId })
      }),
    undo: async ({ world }) => {
      world.forgetBrowsers()
      await inTurn(['sam', 'fiona'] as const, async (name) => {
        const { id: personId } = await world.person(name)
        await resumePerson(world.rooms.people, { ...WHY, personId })
      })
    },
  },
  {
    name: 'the agents are suspended',
    takes: AGENTS,
    act: ({ world }, ready) =>
      eachAgent(ready, (agentId) => suspendAgent(world.rooms.agents, { ...WHY, agentId })),
    undo: ({ world }, ready) =>
      eachAgent(ready, (agentId) => resumeAgent(world.rooms.agents, { ...WHY, agentId })),
  },
  {
    name: 'the agents are quarantined',
    takes: AGENTS,
    act: ({ world }, ready) =>
      eachAgent(ready, (agentId) =>
        setTrust(world.rooms.agents, { agentId, trust: 0, by: 'operator' }),
      ),
    undo: ({ world }, ready) =>
      eachAgent(ready, (agentId) =>
        setTrust(world.rooms.agents, { agentId, trust: 3, by: 'operator' }),
      ),
  },
  {
    name: 'the owners of the agents are suspended',
    takes: AGENTS,
    act: async (ways, ready) => {
      const { rooms } = ways.world
      const { id: personId } = await ways.world.person('nils')
      await addMember(rooms.people, { personId, group: ADMINISTRATORS, by: 'operator' })
      for (const id of await ownersOf(ways, ready))
        await suspendPerson(rooms.people, { ...WHY, personId: id })
    },
    undo: async (ways, ready) => {
      const { rooms } = ways.world
      ways.world.forgetBrowsers()
      for (const personId of await ownersOf(ways, ready))
        await resumePerson(rooms.people, { ...WHY, personId })
    },
  },
  {
    name: 'the clients take their registration back',
    takes: ['registration'],
    act: (_, { leave }) => inTurn(leave, (each) => each()),
  },
  {
    name: 'the agent has another client at the identity provider',
    takes: ['client link'],
    act: ({ world }) => unlinkClient(world.rooms.agents, linkOf(world.provider)),
    undo: ({ world }) => linkClient(world.rooms.agents, linkOf(world.provider)),
  },
  {
    name: 'the issuer is suspended',
    takes: ['issuer'],
    act: ({ world }) =>
      inTurn(ISSUERS, (name) => suspendIssuer(world.rooms.issuers, { ...WHY, name })),
    undo: ({ world }) =>
      inTurn(ISSUERS, (name) => resumeIssuer(world.rooms.issuers, { ...WHY, name })),
  },
  {
    name: 'the tasks are suspended',
    takes: ['task'],
    act: ({ world }, { tasks }) =>
      inTurn(tasks, (taskId) => suspendTask(world.rooms.decisions, { ...WHY, taskId })),
  },
  {
    name: 'the tasks are closed',
    takes: ['task'],
    act: ({ world }, { tasks }) =>
      inTurn(tasks, (taskId) => closeTask(world.rooms.decisions, { ...WHY, taskId })),
  },
  {
    name: 'the consents are ended',
    takes: ['consent'],
    act: async ({ world }) => {
      const { id } = await world.person('sam')
      const bases = await basesOfPerson(world.rooms.storage.read, id, world.clock.now())
      await inTurn(bases, ({ id: basisId }) => endBasis(world.rooms.decisions, { basisId, by: id }))
    },
    undo: (ways) => ways.consent(),
  },
  {
    name: 'the sponsor grant is ended',
    takes: ['sponsor grant'],
    act: async ({ sponsorGrant: id, world }) =>
      void (await endSponsorship(world.rooms.decisions, { grantId: id, by: 'operator' })),
    undo: (ways) => ways.sponsor(),
  },
  {
    name: 'the resources are suspended',
    takes: ['resource'],
    act: ({ world }) =>
      inTurn(RESOURCES, (name) => suspendResource(world.rooms.connections, { ...WHY, name })),
    undo: ({ world }) =>
      inTurn(RESOURCES, (name) => resumeResource(world.rooms.connections, { ...WHY, name })),
  },
  {
    name: 'the rules permit nothing',
    takes: ['rules', 'issuing rules'],
    act: (ways) => ways.permitNothing(),
    undo: (ways) => ways.permitAll(),
  },
  {
    name: 'the definitions changed since they were reviewed',
    takes: ['rules'],
    act: (ways) => ways.changeDefinitions(RESOURCES),
    undo: (ways) => ways.restoreDefinitions(),
  },
  {
    name: 'the limits are used up',
    takes: ['rules'],
    act: (ways) => ways.useUpLimits(),
    undo: (ways) => ways.liftLimits(),
  },
  {
    name: 'another system says that the keys of the agents are stolen',
    takes: ['rules'],
    act: ({ world }, ready) =>
      eachAgent(
        ready,
        async (agentId) =>
          void (await raiseSignal(world.rooms.decisions, {
            ...STOLEN,
            subject: { kind: 'agent', id: agentId },
            level: 'critical',
            expiresAt: world.clock.now() + 3_600_000,
          })),
      ),
    undo: ({ world }, ready) =>
      eachAgent(ready, (agentId) =>
        endSignal(world.rooms.decisions, {
          ...STOLEN,
          subject: { kind: 'agent', id: agentId },
          by: 'operator',
        }),
      ),
  },
  {
    name: 'a decision point of others does not answer',
    takes: ['rules'],
    act: async ({ world }) =>
      void (await addPoint(world.rooms.decisions, {
        ...{ name: 'silent', url: 'http://127.0.0.1:9/evaluation', by: 'operator' },
      })),
    undo: ({ world }) => removePoint(world.rooms.decisions, { name: 'silent', by: 'operator' }),
  },
  {
    name: 'the enforcement points are revoked',
    takes: ['enforcement point'],
    act: ({ peps, world }) =>
      inTurn(peps.splice(0), (id) => removeClient(world.rooms.clients, { id, by: 'operator' })),
  },
  {
    name: 'the policy-only set permits nothing',
    takes: ['policy-only set'],
    act: (ways) => ways.recordsPermitNothing(),
    undo: (ways) => ways.recordsPermit(),
  },
  {
    name: 'the space is suspended',
    takes: ['space'],
    act: ({ space: name, world }) => suspendSpace(world.rooms.spaces, { ...WHY, name }),
    undo: ({ space: name, world }) => resumeSpace(world.rooms.spaces, { ...WHY, name }),
  },
  {
    name: 'the organization is suspended',
    takes: ['space'],
    act: ({ world }) => suspendSpace(world.rooms.spaces, { ...WHY, name: HOUSE }),
    undo: ({ world }) => resumeSpace(world.rooms.spaces, { ...WHY, name: HOUSE }),
  },
  {
    name: 'the space is removed',
    takes: ['space'],
    act: ({ rooms, space: name, world }) => {
      rooms.splice(0)
      return removeSpace(world.rooms.spaces, { ...WHY, name })
    },
    undo: (ways) => ways.newSpace(),
  },
  {
    name: 'somebody else asks in the conversations',
    takes: ['thread'],
    act: (ways) =>
      inTurn(ways.rooms.splice(0), ({ surface, thread }) =>
        ways.state(surface, thread, { version: 2, requester: 'fiona' }),
      ),
  },
  {
    name: 'the conversations have ended',
    takes: ['thread'],
    act: ({ rooms, space, world }) =>
      inTurn(rooms.splice(0), ({ surface, thread }) =>
        endThread(world.rooms.spaces, surface, { space, thread }),
      ),
  },
  {
    name: 'the surfaces are revoked',
    takes: ['surface'],
    act: ({ rooms, world }) =>
      inTurn(rooms.splice(0), ({ surface: { id } }) =>
        removeClient(world.rooms.clients, { id, by: 'operator' }),
      ),
  },
  {
    name: 'the key that signs tokens is withdrawn',
    takes: ['signing key'],
    act: async ({ world }) => {
      const ada = await world.api('ada')
      const { body } = await ada.send('GET', '/keys')
      const { keys } = body as unknown as { keys: readonly { kid: string }[] } // as the schema says
      await inTurn(keys, async ({ kid }) => {
        const answer = await ada.send('POST', `/keys/${kid}/withdraw`, { reason: 'test' })
        assert.equal(answer.status, 200, answer.text)
      })
    },
  },
  {
    name: 'the agents are retired',
    takes: AGENTS,
    act: ({ world }, ready) =>
      eachAgent(ready, (agentId) => retireAgent(world.rooms.agents, { ...WHY, agentId })),
  },
]

/** People are asked only so often in an hour, and type so many codes in five minutes; here it all comes close together. */
export async function forgetAsking({ rooms }: Ways['world']): Promise<void> {
  await rooms.storage.transaction(async (tx) => {
    await tx.updateTable('consent_requests').set({ created_at: 0 }).execute()
    await tx.deleteFrom('used_once').where('kind', '=', 'typed code').execute()
  })
}

export async function prepareAll(
  ways: Ways,
  of: readonly Way[],
): Promise<(readonly [Way, PreparedWay])[]> {
  const all: (readonly [Way, PreparedWay])[] = []
  for (const way of of) all.push([way, await way.prepare(ways)])
  return all
}

/** Collects what ways made ready, as acts want it. */
export function takenOf(all: readonly (readonly [Way, PreparedWay])[]): Possessions {
  return {
    tasks: all.flatMap(([, { tasks = [] }]) => tasks),
    agents: all.flatMap(([, { agents = [] }]) => agents),
    leave: all.flatMap(([, { leave = [] }]) => leave),
  }
}
