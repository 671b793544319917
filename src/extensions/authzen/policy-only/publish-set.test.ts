import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RECORDS } from '../../../../test/conformance/authzen/records.ts'
import { catalogParts } from '../../../catalog/catalog/testing.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import type { PolicyOnlyQuestion } from './loaded-set.ts'
import { OnlySets } from './only-sets.ts'
import { publishOnlySet } from './publish-set.ts'
import { findOnlySet, listOnlySets } from './set-store.ts'

const by = 'psn_ada'
const READ: PolicyOnlyQuestion = {
  subject: { type: 'user', id: 'alice' },
  action: { name: 'read' },
  resource: { type: 'record', id: 'record-1' },
}

forEachEngine('publishing policy-only sets', (open) => {
  test('a version is in force at once, keeps its texts for ever, and is recorded', async () => {
    const parts = await catalogParts(await open())
    const sets = new OnlySets(parts)
    await assert.rejects(sets.current('records'), { code: 'policy_set.unknown' })
    const first = await publishOnlySet(parts, { ...RECORDS, name: 'records', note: 'first', by })
    assert.equal(first.version, 1)
    const before = await sets.current('records')
    assert.equal(before.set.evaluate(READ, false).permitted, true)
    assert.ok(parts.live.holds(before.view))

    const policies = RECORDS.policies.replace(
      'permit (principal, action == Action::"read"',
      'forbid (principal, action == Action::"read"',
    )
    const second = await publishOnlySet(parts, {
      ...RECORDS,
      policies,
      name: 'records',
      note: '',
      by,
    })
    assert.equal(second.version, 2)
    assert.equal(parts.live.holds(before.view), false, 'an answer under way is not given')
    const after = await sets.current('records')
    assert.equal(after.set.evaluate(READ, false).permitted, false)
    assert.equal((await findOnlySet(parts.storage.read, 'records', 1))?.policies, RECORDS.policies)
    assert.deepEqual(
      (await listOnlySets(parts.storage.read)).map(({ name, version }) => [name, version]),
      [
        ['records', 2],
        ['records', 1],
      ],
    )
    const [published] = parts.events.filter(({ type }) => type === 'policy_set.published')
    assert.deepEqual(published?.facts, { set: 'records', digest: first.digest })
  })

  test('what has a mistake anywhere is refused whole, with where it stands; the old one stays', async () => {
    const parts = await catalogParts(await open())
    const sets = new OnlySets(parts)
    await publishOnlySet(parts, { ...RECORDS, name: 'records', note: '', by })
    for (const [change, part, words] of [
      [
        { policies: '@id("x") permit (principal, action, resource) when { principal.nothing };' },
        'policies',
        /nothing/,
      ],
      [
        { policies: '@id("x") permit (principal, action == Action::"launch", resource);' },
        'policies',
        /launch/,
      ],
      [
        {
          policies:
            '@id("x") @requestable("") @approvers("group:admins") forbid (principal, action, resource);',
        },
        'policies',
        /no one is asked/,
      ],
      [{ schema: 'entity user {' }, 'policies|schema', /./],
      [{ entities: '[{"uid":{"type":"user","id":"a"},"attrs":{"role":1}}]' }, 'entities', /text/],
      [{ schema: `// ${'('.repeat(60)}\n${'entity a { b: '.repeat(60)}` }, 'schema', /nested/],
    ] as const)
      await assert.rejects(
        publishOnlySet(parts, { ...RECORDS, ...change, name: 'records', note: '', by }),
        (error: unknown) => {
          assert.ok(error instanceof Problem, String(error))
          assert.equal(error.code, 'policy_set.invalid')
          const [mistake] = error.members.mistakes as { part: string; message: string }[] // as: made with them
          assert.match(mistake?.part ?? '', new RegExp(part))
          assert.match(mistake?.message ?? '', words)
          return true
        },
      )
    assert.equal((await sets.current('records')).set.version, 1)
  })

  test('of two who publish at once, both get a version of their own or one is told', async () => {
    const parts = await catalogParts(await open())
    const publish = () => publishOnlySet(parts, { ...RECORDS, name: 'records', note: '', by })
    const done = await Promise.allSettled([publish(), publish()])
    const versions = done.flatMap((each) =>
      each.status === 'fulfilled' ? [each.value.version] : [],
    )
    assert.equal(new Set(versions).size, versions.length)
    for (const each of done)
      if (each.status === 'rejected') assert.equal(each.reason.code, 'policy_set.overtaken')
  })
})
