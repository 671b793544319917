import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { removeResource } from '../../src/catalog/catalog-changes/index.ts'
import { ASSERTION_GRANTS } from '../../src/edges/oauth/grants/jwt-bearer.ts'
import { GRANT_TYPES } from '../../src/edges/oauth/token.ts'
import { listKeys, revokeKey } from '../../src/identity/agents/index.ts'
import { revokeIssuer } from '../../src/identity/issuers/index.ts'
import type { ProblemCode } from '../../src/platform/lib/problem.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'
import {
  ACTS,
  type Act,
  forgetAsking,
  HOUSE_AGENTS,
  ISSUERS,
  prepareAll,
  RESOURCES,
  takenOf,
  WHY,
} from './acts.ts'
import { Ways } from './desk.ts'
import { WAYS } from './grant-ways.ts'
import type { PreparedWay, Way } from './ways.ts'

const GRANTS = WAYS.filter(({ grant }) => grant !== undefined)
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const DAY = 24 * 3_600_000

/** Refusals at the grants that an act stops, and the reason why the others may go on. */
interface ActEffect {
  readonly stops?: readonly ProblemCode[]
  readonly others?: string
}

const CALLS_ONLY = 'decided for each call, and no grant is one'
const IN_SPACE = 'their tasks are in no space'
const EXPECTED: Readonly<Record<string, ActEffect>> = {
  'the people are suspended': { stops: ['person.suspended', 'grant.ended', 'deferral.denied'] },
  'the agents are suspended': {
    stops: ['agent.unauthenticated', 'agent.suspended', 'grant.ended', 'grant.not_accepted'],
  },
  'the agents are quarantined': { stops: ['agent.quarantined', 'grant.ended', 'deferral.denied'] },
  'the owners of the agents are suspended': {
    stops: ['agent.owner_suspended', 'person.suspended', 'grant.ended', 'deferral.denied'],
  },
  'the clients take their registration back': {
    stops: ['grant.ended'],
    others: 'their agents registered otherwise',
  },
  'the agent has another client at the identity provider': {
    stops: ['subject_token.not_for_agent'],
    others: 'nobody brings a token of a person, or it was taken in before',
  },
  'the issuer is suspended': {
    stops: ['grant.not_accepted', 'issuer.suspended'],
    others: 'no token of the issuer is in what they stand on',
  },
  'the tasks are suspended': {
    stops: ['task.suspended', 'grant.ended'],
    others: 'they open a task, and that is another one',
  },
  'the tasks are closed': {
    stops: ['task.closed', 'grant.ended', 'task.key_used'],
    others: 'they open a task, and that is another one',
  },
  'the consents are ended': {
    stops: [
      ...(['consent.required', 'task.closed', 'grant.ended', 'deferral.denied'] as const),
      'task.key_used',
    ],
    others: 'they are for another person or for nobody, or carry their own consent',
  },
  'the sponsor grant is ended': {
    stops: ['sponsor_grant.not_in_force'],
    others: 'they stand on a person, or on a sponsor grant of their own',
  },
  'the resources are suspended': {
    stops: ['resource.suspended', 'grant.ended', 'client.unauthenticated'],
    others: 'a task may be opened; there is no token for the resource until it is back',
  },
  'the rules permit nothing': {
    stops: ['issuance.forbidden', 'grant.ended', 'deferral.denied'],
    others: 'nothing new is given: the call that is passed on was permitted',
  },
  'the definitions changed since they were reviewed': { others: CALLS_ONLY },
  'the limits are used up': { others: CALLS_ONLY },
  'another system says that the keys of the agents are stolen': { others: CALLS_ONLY },
  'a decision point of others does not answer': { others: CALLS_ONLY },
  'the space is suspended': { stops: ['space.suspended'], others: IN_SPACE },
  'the organization is suspended': { stops: ['space.suspended'], others: IN_SPACE },
  'the space is removed': { stops: ['space.removed', 'task.closed'], others: IN_SPACE },
  'somebody else asks in the conversations': {
    stops: ['thread.other_requester'],
    others: IN_SPACE,
  },
  'the conversations have ended': { stops: ['thread.ended'], others: IN_SPACE },
  'the surfaces are revoked': { stops: ['space.no_source'], others: IN_SPACE },
  'the key that signs tokens is withdrawn': {
    stops: ['token.unknown_key'],
    others: 'nothing that Remit signed is shown',
  },
  'the trust in the issuer is revoked': { stops: ['grant.not_accepted', 'issuer.not_trusted'] },
  'the resources are removed': {
    stops: [
      ...(['resource.unknown', 'grant.ended', 'client.unauthenticated'] as const),
      // Of an assertion that is for one of them; its issuer is revoked by then.
      ...(['grant.not_accepted', 'issuer.not_trusted'] as const),
    ],
  },
  'the keys of the agents are revoked': { stops: ['agent.unauthenticated'] },
}

/** Acts that end something for good. Each is about ways that were made ready before any of them. */
const FOR_GOOD: readonly Act[] = [
  {
    name: 'the trust in the issuer is revoked',
    takes: ['issuer'],
    act: async ({ world }) => {
      for (const name of ISSUERS) await revokeIssuer(world.rooms.issuers, { ...WHY, name })
    },
  },
  {
    name: 'the resources are removed',
    takes: ['resource'],
    act: async (ways) => {
      // Rules that speak of an action keep its resource.
      await ways.permitNothing()
      for (const name of RESOURCES)
        await removeResource(ways.world.rooms.connections, { ...WHY, name })
    },
  },
  {
    name: 'the keys of the agents are revoked',
    takes: ['keys of agents'],
    act: async ({ world: { rooms } }) => {
      for (const agentId of HOUSE_AGENTS)
        for (const { thumbprint } of await listKeys(rooms.storage.read, agentId))
          await revokeKey(rooms.agents, { agentId, thumbprint, by: 'operator' })
    },
  },
]

const isOn = ({ standsOn }: Way, { takes }: Act) => standsOn.some((one) => takes.includes(one))
/** Tells whether an act concerns grants. Some are about calls only, and nobody calls here. */
const concerns = ({ takes }: Act) =>
  !takes.every((one) => one === 'enforcement point' || one === 'policy-only set')
const isOneOf = (codes: readonly string[], seen: string) =>
  codes.includes(/"code":"([^"]+)"/.exec(seen)?.[1] ?? '')

async function prepareGrants(ways: Ways, of: readonly Way[] = GRANTS) {
  await forgetAsking(ways.world)
  return prepareAll(ways, of)
}

/** Every cell of one act: what stands on it is refused in the words expected, what does not goes on, for a reason. */
async function assertShut(all: readonly (readonly [Way, PreparedWay])[], act: Act): Promise<void> {
  const { others, stops = [] } = EXPECTED[act.name] ?? {}
  const wrong: string[] = []
  for (const [way, { take }] of all) {
    const { seen, through } = await take()
    const on = isOn(way, act)
    const right = on ? !through && isOneOf(stops, seen) : through && others !== undefined
    const given = /"(?:access|refresh)_token"/.test(seen)
    if (!right || given !== through) wrong.push(`${way.name}: ${seen}`)
  }
  assert.deepEqual(wrong, [])
}

inEachWorld(
  'O15: every grant, whatever became of those it stands on',
  (world) => {
    let ways: Ways
    before(async () => {
      ways = await Ways.make(world())
    })

    it('has a row here, and is named in the metadata', async () => {
      const rows = new Set(GRANTS.map(({ grant }) => grant))
      const wanted = [...GRANT_TYPES.filter((type) => type !== JWT_BEARER), ...ASSERTION_GRANTS]
      assert.deepEqual([...rows].toSorted(), wanted.toSorted())
      const { body } = await send(`${world().issuer}/.well-known/oauth-authorization-server`)
      assert.deepEqual([body.grant_types_supported].flat().toSorted(), [...GRANT_TYPES].toSorted())
    })

    it('O5, X3: gives nothing to somebody else, and is open to whom it is for', async () => {
      const wrong: string[] = []
      for (const [{ name }, { stolen, take }] of await prepareGrants(ways)) {
        const other = await stolen?.()
        if (other?.through) wrong.push(`${name}, by another: ${other.seen}`)
        const own = await take()
        if (!own.through) wrong.push(`${name}: ${own.seen}`)
      }
      assert.deepEqual(wrong, [])
    })

    for (const act of ACTS.filter((one) => concerns(one) && one.name !== 'the agents are retired'))
      it(`gives nothing to whoever stands on it when ${act.name}, and goes on for others`, async () => {
        const all = await prepareGrants(ways)
        const taken = takenOf(all)
        await act.act(ways, taken)
        try {
          await assertShut(all, act)
        } finally {
          await act.undo?.(ways, taken)
        }
      })

    it('gives nothing for what has ended for good', async () => {
      const sets = []
      for (const act of FOR_GOOD)
        sets.push([
          act,
          await prepareAll(
            ways,
            GRANTS.filter((way) => isOn(way, act)),
          ),
        ] as const)
      for (const [act, all] of sets) {
        await act.act(ways, takenOf(all))
        await assertShut(all, act)
      }
    })
  },
  { desk: true, deviceCodes: true },
)

// Time never goes back, so this is the last thing that happens in a world of its own.
inEachWorld(
  'every grant, a day later',
  (world) => {
    it('gives nothing for what is a day old', async () => {
      const old = await prepareGrants(await Ways.make(world()))
      world().clock.advance(DAY + 3_600_000)
      const open: string[] = []
      for (const [{ name }, { take }] of old) {
        const { seen, through } = await take()
        if (through) open.push(`${name}: ${seen}`)
      }
      assert.deepEqual(open, [])
    })
  },
  { desk: true, deviceCodes: true },
)
