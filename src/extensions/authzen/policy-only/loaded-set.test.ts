import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { RECORDS } from '../../../../test/conformance/authzen/records.ts'
import { isObject, type Json, type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import { LoadedOnlySet, type PolicyOnlyQuestion } from './loaded-set.ts'

function load(set: Partial<typeof RECORDS> = {}): LoadedOnlySet {
  return new LoadedOnlySet({ name: 'records', version: 1, ...RECORDS, ...set })
}

function object(json: unknown): JsonObject | undefined {
  if (json === undefined) return undefined
  const value: Json = parseJson(JSON.stringify(json))
  assert.ok(isObject(value))
  return value
}

interface StatedQuestion {
  readonly subject?: { type?: string; id?: string; properties?: object }
  readonly action?: { name?: string; properties?: object }
  readonly resource?: { type?: string; id?: string; properties?: object }
  readonly context?: object
}

/** Alice reads record-1, but for what is said. */
function question({ action, context, resource, subject }: StatedQuestion = {}): PolicyOnlyQuestion {
  return {
    subject: { type: 'user', id: 'alice', ...subject, properties: object(subject?.properties) },
    action: { name: 'read', ...action, properties: object(action?.properties) },
    resource: {
      type: 'record',
      id: 'record-1',
      ...resource,
      properties: object(resource?.properties),
    },
    context: object(context),
  }
}

describe('what a policy-only set answers', () => {
  const set = load()
  const archived = { id: 'record-2', properties: { status: 'archived' } }

  test('who and what, by what the set knows of them', () => {
    assert.deepEqual(set.evaluate(question(), false), {
      permitted: true,
      reason: 'permitted',
      policies: ['known-people-read'],
    })
    const bobWrites = question({ subject: { id: 'bob' }, action: { name: 'write' } })
    assert.deepEqual(set.evaluate(bobWrites, false), {
      permitted: false,
      reason: 'evaluation.not_permitted',
      policies: [],
    })
  })

  test('properties of the request count only where that was asked for', () => {
    const said = question({
      subject: { id: 'mallory', properties: { role: 'admin' } },
      action: { name: 'write' },
      resource: archived,
    })
    assert.equal(set.evaluate(said, true).permitted, true)
    assert.equal(set.evaluate(said, false).permitted, false, 'an attribute that anyone can claim')
    const soft = question({ action: { name: 'delete', properties: { soft: true } } })
    assert.equal(set.evaluate(soft, true).permitted, true)
    assert.equal(set.evaluate(soft, false).permitted, false)
  })

  test('what a request says of an entity stands before what the set says, for that question', () => {
    const write = { name: 'write' }
    const asArchived = question({ action: write, resource: { properties: { status: 'archived' } } })
    assert.equal(set.evaluate(asArchived, true).permitted, false)
    assert.equal(set.evaluate(question({ action: write }), true).permitted, true)
  })

  test('a context of ours cannot be given by the context of a request', () => {
    const said = question({ action: { name: 'delete' }, context: { action: { soft: true } } })
    assert.equal(set.evaluate(said, true).permitted, false)
    assert.equal(set.evaluate(said, false).permitted, false)
  })

  test('types and actions that are not there, or do not belong together, are not known', () => {
    for (const said of [
      { subject: { type: 'spaceship' } },
      { resource: { type: 'spaceship' } },
      { action: { name: 'launch' } },
      { subject: { type: 'record', id: 'record-1' } },
      { action: { name: 'toString' } },
    ])
      assert.equal(set.evaluate(question(said), true).reason, 'evaluation.unknown')
    const nobody = question({ subject: { id: 'nobody' } })
    assert.equal(set.evaluate(nobody, true).reason, 'evaluation.not_permitted')
  })

  test('what the schema does not know is not looked at; what it knows has to fit', () => {
    const more = { properties: { department: 'Sales', role: 'manager' } }
    assert.equal(set.evaluate(question({ subject: more }), true).permitted, true)
    for (const [said, pointer] of [
      [{ subject: { properties: { role: 7 } } }, '/role'],
      [{ action: { name: 'delete', properties: { soft: 'yes' } } }, '/action/soft'],
    ] as const)
      assert.throws(() => set.evaluate(question(said), true), {
        code: 'evaluation.does_not_fit',
        members: { pointer },
      })
  })

  test('ids and actions can be gone through, in one order', () => {
    assert.deepEqual(set.idsOf('user'), ['alice', 'bob'])
    assert.deepEqual(set.idsOf('spaceship'), [])
    assert.deepEqual(set.actions, ['delete', 'read', 'write'])
  })
})

/** Schema with all that one can say, in a namespace. */
const EVERYTHING = {
  schema: `namespace App {
  type Place = { city: String, level?: Long };
  entity Team in [Team];
  entity user in [Team] { since: datetime, limit?: decimal, places?: Set<Place>, boss?: user } tags String;
  entity Kind enum ["a", "b"];
  action changes;
  action edit in [changes] appliesTo { principal: [user], resource: [Kind, user], context: {
    ip?: ipaddr, within?: duration, who?: user, untrusted?: { subject?: { role?: String } } } };
}`,
  policies: `
@id("team") permit (principal in App::Team::"top", action in App::Action::"changes", resource == App::Kind::"a")
when { principal.since < datetime("2026-01-01") && principal.getTag("site") == "bern" };
@id("net") permit (principal, action, resource)
when { context has ip && context.ip.isInRange(ip("10.0.0.0/8")) && context has within && context.within < duration("1h") };
@id("boss") permit (principal, action, resource is App::user) when { resource has boss && resource.boss == principal };
@id("far") forbid (principal, action, resource)
when { principal has places && principal.places.contains({ city: "Bern", level: 7 }) };
@id("rich") forbid (principal, action, resource)
when { principal has limit && principal.limit.greaterThan(decimal("10.5")) };
@id("said") forbid (principal, action, resource)
when { context has untrusted && context.untrusted has subject && context.untrusted.subject has role };
@id("errs") forbid (principal, action, resource)
when { context has who && context.who.since > datetime("2030-01-01") };`,
  entities: JSON.stringify([
    { uid: { type: 'App::Team', id: 'top' } },
    { uid: { type: 'App::Team', id: 'sub' }, parents: [{ type: 'App::Team', id: 'top' }] },
    {
      uid: { type: 'App::user', id: 'ann' },
      attrs: { since: '2025-05-05', limit: 3, places: [{ city: 'Bern' }] },
      tags: { site: 'bern' },
      parents: [{ type: 'App::Team', id: 'sub' }],
    },
    {
      uid: { type: 'App::user', id: 'bo' },
      attrs: { since: '2025-05-05', boss: { type: 'App::user', id: 'ann' } },
    },
  ]),
}

describe('every type of a schema', () => {
  const set = load(EVERYTHING)
  const ask = (said: StatedQuestion, properties = true) =>
    set.evaluate(
      question({
        ...said,
        subject: { type: 'App::user', id: 'ann', ...said.subject },
        action: { name: 'edit', ...said.action },
        resource: { type: 'App::Kind', id: 'a', ...said.resource },
      }),
      properties,
    )

  test('hierarchies, tags, dates, listed ids, references', () => {
    assert.deepEqual(ask({}).policies, ['team'])
    assert.equal(ask({ resource: { id: 'b' } }).permitted, false)
    assert.deepEqual(ask({ resource: { type: 'App::user', id: 'bo' } }).policies, ['boss'])
    assert.deepEqual(set.idsOf('App::Kind'), ['a', 'b'])
  })

  test('addresses, durations, decimals, sets of records, whole numbers of 64 bits', () => {
    const b = { resource: { id: 'b' } }
    assert.equal(ask({ ...b, context: { ip: '10.1.2.3', within: '30m' } }).permitted, true)
    assert.equal(ask({ ...b, context: { ip: '11.1.2.3', within: '30m' } }).permitted, false)
    const limited = (limit: unknown) => ask({ subject: { properties: { limit } } }).permitted
    assert.deepEqual(
      [limited(10), limited('10.5'), limited(11), limited(10.6)],
      [true, true, false, false],
    )
    const level = (text: string): PolicyOnlyQuestion => {
      const properties = parseJson(`{"places":[{"city":"Bern","level":${text}}]}`)
      assert.ok(isObject(properties))
      const { action, resource } = question({ action: { name: 'edit' } })
      const subject = { type: 'App::user', id: 'ann', properties }
      return { subject, action, resource: { ...resource, type: 'App::Kind', id: 'a' } }
    }
    assert.equal(set.evaluate(level('7'), true).permitted, false)
    assert.equal(set.evaluate(level('9223372036854775807'), true).permitted, true)
    for (const text of ['7.0', '7e0', '9223372036854775808'])
      assert.throws(() => set.evaluate(level(text), true), { code: 'evaluation.does_not_fit' })
  })

  test('what is said without counting can be looked at as what it is', () => {
    const said = { subject: { properties: { role: 'x' } } }
    assert.deepEqual(ask(said, false).policies, ['said'])
    assert.deepEqual(ask(said, true).policies, ['said'])
  })

  test('a policy that fails denies', () => {
    const answer = ask({ context: { who: 'nobody' } })
    assert.deepEqual(answer, { permitted: false, reason: 'policy.error', policies: ['errs'] })
  })

  test('the official engine says the same', () => {
    for (const said of [
      {},
      { resource: { id: 'b' } },
      { context: { ip: '10.1.2.3', within: '30m' } },
      { subject: { id: 'bo' }, resource: { type: 'App::user', id: 'bo' } },
    ] satisfies StatedQuestion[]) {
      const { permitted } = ask(said)
      assert.equal(permitted, official(said), JSON.stringify(said))
    }
  })
})

function official(said: StatedQuestion): boolean {
  const answer = cedar.isAuthorized({
    principal: { type: 'App::user', id: said.subject?.id ?? 'ann' },
    action: { type: 'App::Action', id: 'edit' },
    resource: { type: said.resource?.type ?? 'App::Kind', id: said.resource?.id ?? 'a' },
    context: JSON.parse(JSON.stringify(said.context ?? {})),
    schema: EVERYTHING.schema,
    policies: { staticPolicies: EVERYTHING.policies },
    entities: JSON.parse(EVERYTHING.entities).map((each: object) => ({
      attrs: {},
      parents: [],
      ...each,
      ...('attrs' in each && each.attrs && typeof each.attrs === 'object' && 'limit' in each.attrs
        ? { attrs: { ...each.attrs, limit: '3.0' } }
        : {}),
    })),
  })
  assert.equal(answer.type, 'success', JSON.stringify(answer))
  return answer.type === 'success' && answer.response.decision === 'allow'
}

test('a set that cannot be is refused with its part', () => {
  const user = { uid: { type: 'user', id: 'a' } }
  for (const [part, entities] of [
    ['entities', 'no json'],
    ['entities', '{}'],
    ['entities', '[{"uid":{"type":"user","id":"a"},"uid":{"type":"user","id":"b"}}]'],
    ['entities', JSON.stringify([user, user])],
    ['entities', JSON.stringify([{ uid: { type: 'spaceship', id: 'a' } }])],
    ['entities', JSON.stringify([{ ...user, attrs: { role: 7 } }])],
    ['entities', JSON.stringify([{ ...user, attrs: { unknown: 'x' } }])],
    [
      'entities',
      JSON.stringify([{ ...user, attrs: { role: { __entity: { type: 'user', id: 'a' } } } }]),
    ],
    ['entities', JSON.stringify([{ ...user, parents: [{ type: 'user', id: 'b' }] }])],
    ['entities', JSON.stringify([{ ...user, surplus: 1 }])],
  ] as const)
    assert.throws(
      () => load({ entities }),
      (error: unknown) => isInvalid(error, part),
      entities,
    )
  const loop = EVERYTHING.entities.replace(
    '{"uid":{"type":"App::Team","id":"top"}}',
    '{"uid":{"type":"App::Team","id":"top"},"parents":[{"type":"App::Team","id":"sub"}]}',
  )
  assert.throws(() => load({ ...EVERYTHING, entities: loop }), /lead back/)
  const without = JSON.stringify([{ uid: { type: 'App::user', id: 'x' } }])
  assert.throws(() => load({ ...EVERYTHING, entities: without }), /`\/since` is missing/)
  const twice = `${RECORDS.schema} namespace B { entity user; action read appliesTo { principal: [user], resource: [user] }; }`
  assert.throws(
    () => load({ schema: twice }),
    (error: unknown) => isInvalid(error, 'schema'),
  )
})

function isInvalid(error: unknown, part: string): boolean {
  assert.ok(error instanceof Error && 'code' in error && 'members' in error)
  assert.equal(error.code, 'policy_set.invalid')
  assert.match(JSON.stringify(error.members), new RegExp(`"part":"${part}"`))
  return true
}
