import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { decideCall } from '../../calls/calls/decide-call.ts'
import { type HeldTask, READ, worldsOver } from '../../calls/calls/testing.ts'
import {
  alone,
  beginAlone,
  permitAll,
  refundBot,
  sponsored,
} from '../../grants/grants/openings/testing.ts'
import type { SaidAttributes } from '../../identity/identity-providers/change-attributes.ts'
import { signInPerson } from '../../identity/identity-providers/sign-in-person.ts'
import { clientWith, machinesOf } from '../../identity/machine-clients/testing.ts'
import { resumePerson, suspendPerson } from '../../identity/sessions/index.ts'
import { createSpace, stateThread } from '../../identity/spaces/index.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { REFUND_DESK } from '../../policy/policy/testing.ts'
import { Facts } from './facts.ts'

const LONG = { lifeSeconds: 20 * 3600 }
const by = 'operator'

forEachEngine('what is known of a person', (open) => {
  const worlds = worldsOver(open)

  /** A world in which the present are known for two hours, and the absent for five. */
  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const { catalog, issuers, live, storage } = world.parts
    const freshFor = { present: 2 * HOUR, absent: 5 * HOUR }
    const parts = {
      ...world.parts,
      facts: new Facts({ storage, live, catalog, issuers, freshFor }),
    }
    Object.assign(world, { parts })
    const read = async (held: HeldTask) => {
      const token = await world.token(held).catch((error: Error) => error.message)
      if (token.startsWith('{')) return String(JSON.parse(token).reason)
      const verdict = await decideCall(parts, await world.call(held, token, READ))
      return verdict.outcome === 'deny' ? verdict.reason : verdict.outcome
    }
    const confirm = (subject: string, groupValues?: readonly string[]) =>
      signInPerson(parts, {
        issuer: world.provider.issuer,
        subject,
        name: subject,
        email: undefined,
        groupValues,
        issuedAt: parts.clock.now(),
      })
    return { world, parts, read, confirm }
  }

  test('is read for every call of a task that outlives the session: groups and status', async (t) => {
    const { confirm, parts, read, world } = await begin(t)
    const held = await world.open(LONG)
    assert.equal(await read(held), 'permit')
    parts.clock.advance(1)
    await confirm('sam', ['finance'])
    assert.equal(await read(held), 'person.not_permitted')
    parts.clock.advance(1)
    await confirm('sam', ['support'])
    assert.equal(await read(held), 'permit')
    await suspendPerson(parts, { personId: world.sam.id, by, reason: 'left' })
    assert.equal(await read(held), 'person.suspended')
    await resumePerson(parts, { personId: world.sam.id, by, reason: 'back' })
    assert.equal(await read(held), 'permit')
  })

  test('counts until it is too old, and again as soon as they signed in', async (t) => {
    const { confirm, parts, read, world } = await begin(t)
    const held = await world.open(LONG)
    parts.clock.advance(2 * HOUR)
    assert.equal(await read(held), 'permit')
    const token = await world.token(held)
    parts.clock.advance(1)
    const verdict = await decideCall(parts, await world.call(held, token, READ))
    assert.ok(verdict.outcome === 'deny' && verdict.reason === 'person.stale')
    assert.match(verdict.enough, /signs in again/)
    assert.equal(await read(held), 'person.stale', 'nor is a token issued')
    const before = await parts.live.view([{ kind: 'person', id: world.sam.id }])
    await confirm('sam', ['support'])
    assert.ok(parts.live.holds(before), 'nothing else ended with it')
    assert.equal(await read(held), 'permit')
  })

  test('groups are not confirmed by a token that says nothing about them', async (t) => {
    const { confirm, parts, read, world } = await begin(t)
    const held = await world.open(LONG)
    parts.clock.advance(2 * HOUR + 1)
    await confirm('sam')
    assert.equal(await read(held), 'person.stale')
    await confirm('sam', ['support'])
    assert.equal(await read(held), 'permit')
    // Of one whose provider never spoke of groups, what it says is all there is to confirm.
    await confirm('without')
    parts.clock.advance(HOUR)
    const later = await confirm('without')
    assert.equal(later.confirmedAt, parts.clock.now())
  })

  test('attributes that rules read count as groups do: from the next token on, and not when they are too old', async (t) => {
    const { parts, read, world } = await begin(t)
    const rules = `@id("no-contractors") forbid (principal is Person, action == Action::"orders.read", resource)
      unless { principal has department && principal.department == "Support" && principal has level && principal.level >= 2 };`
    await publishPolicies(parts, { text: `${REFUND_DESK}\n${rules}`, by, note: 'test' })
    const say = (attributes?: SaidAttributes) => {
      parts.clock.advance(1000)
      return signInPerson(parts, {
        ...{ issuer: world.provider.issuer, subject: 'sam', name: 'sam' },
        ...{ groupValues: ['support'], issuedAt: parts.clock.now() },
        ...(attributes ? { attributes } : {}),
      })
    }
    const held = await world.open(LONG)
    assert.equal(await read(held), 'person.not_permitted', 'a department by no name is none')
    await say({ department: 'Support', level: 2 })
    assert.equal(await read(held), 'permit')
    await say({ level: 1 })
    assert.equal(await read(held), 'person.not_permitted')
    await say({ level: 3 })
    assert.equal(await read(held), 'permit')
    parts.clock.advance(2 * HOUR)
    await say()
    assert.equal(
      await read(held),
      'person.stale',
      'a token that is silent about them confirms none',
    )
    await say({ department: 'Support', level: 3 })
    assert.equal(await read(held), 'permit')
  })

  test('of a sponsor: for longer, since nobody asks them to sign in each day', async (t) => {
    const { confirm, parts, read, world } = await begin(t)
    await permitAll(world, world.ada)
    await sponsored(world, refundBot(world))
    const held = await alone(world, refundBot(world), LONG)
    parts.clock.advance(5 * HOUR)
    assert.equal(await read(held), 'permit')
    parts.clock.advance(1)
    assert.equal(await read(held), 'person.stale')
    const refused = await beginAlone(world, refundBot(world))
    assert.ok(refused.outcome === 'refused' && refused.reason === 'person.stale')
    await confirm('ada', [])
    assert.equal(await read(held), 'permit')
  })

  test('of someone present where everyone has to be permitted: likewise', async (t) => {
    const { confirm, parts, read, world } = await begin(t)
    await permitAll(world, world.sam, world.finn)
    const rules = {
      people: ['group:support'],
      agents: ['refund-bot'],
      mode: 'intersection',
    } as const
    await createSpace(parts, { name: 'acme', kind: 'organization', rules, by })
    const settings = { space: 'acme', silentAfter: 86_400_000 }
    const { client: surface } = await clientWith(machinesOf(parts), 'chat', 'surface', settings)
    const people = [{ id: world.sam.id }, { id: world.finn.id }]
    await stateThread(parts, surface, {
      ...{ space: 'acme', thread: 't1' },
      statement: {
        ...{ version: 1, participants: people, others: 0, agents: ['refund-bot'] },
        requester: { id: world.sam.id },
      },
    })
    const held = await world.open({ ...LONG, space: 'acme', thread: 't1' })
    parts.clock.advance(5 * HOUR + 1)
    await confirm('sam', ['support'])
    assert.equal(await read(held), 'person.stale')
    await confirm('finn', ['finance'])
    assert.equal(await read(held), 'permit')
  })
})
