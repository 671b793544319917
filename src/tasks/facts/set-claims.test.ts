import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogParts, planOrders } from '../../catalog/catalog/testing.ts'
import { applyImport, removeResource } from '../../catalog/catalog-changes/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { CLAIM_SOURCES } from './claim-sources.ts'
import { MAX_CLAIMS, setClaims } from './set-claims.ts'

const by = 'psn_ada'
const [FACT = ''] = CLAIM_SOURCES

forEachEngine('further claims of a resource', (open) => {
  let shared: ReturnType<typeof begin> | undefined

  async function begin() {
    const parts = await catalogParts(await open.shared())
    await applyImport(parts, planOrders(), by)
    const set = (claims: readonly { claim: string; from: string }[], name = 'orders') =>
      setClaims(parts, { name, claims, by })
    const kept = async () => {
      const rows = await parts.storage.read.selectFrom('resources').select('claims').execute()
      return rows.map(({ claims }) => claims)
    }
    const epoch = async () => {
      const { states } = await parts.live.view([{ kind: 'resource', id: 'orders' }])
      return states[0]?.epoch ?? 0
    }
    return { epoch, kept, parts, set }
  }
  const ready = () => {
    shared ??= begin()
    return shared
  }

  function refused(claims: readonly { claim: string; from: string }[], detail: RegExp) {
    return async () => {
      const { set } = await ready()
      await assert.rejects(set(claims), { code: 'catalog.bad_claims', detail })
    }
  }

  test('are facts or expressions, kept in their order, and end the tokens from before', async () => {
    const { epoch, kept, parts, set } = await ready()
    const before = await epoch()
    const claims = [
      { claim: 'b_mail', from: FACT },
      { claim: 'a_kind', from: "'fixed'" },
    ]
    await set(claims)
    assert.deepEqual(JSON.parse((await kept())[0] ?? ''), claims)
    assert.ok((await epoch()) > before)
    const event = parts.events.findLast(({ type }) => type === 'resource.claims_set')
    assert.deepEqual([event?.resource, event?.by, event?.facts], ['orders', by, { claims }])
    await set([])
    assert.deepEqual(await kept(), [null])
  })

  test('are at most so many', async () => {
    const { set } = await ready()
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ claim: `claim_${i}`, from: FACT }))
    await set(many(MAX_CLAIMS))
    await refused(many(MAX_CLAIMS + 1), /^at most 16 claims$/)()
  })

  test(
    'have a name each, of their own',
    refused(
      [
        { claim: 'team', from: FACT },
        { claim: 'team', from: "'x'" },
      ],
      /^`team` is there twice$/,
    ),
  )

  test(
    'have no name that tokens have already',
    refused([{ claim: 'sub', from: FACT }], /^`sub` is no name of a further claim/),
  )

  test(
    'say no fact that is not known',
    refused(
      [{ claim: 'team', from: 'person.shoesize' }],
      /^`team`: there is no fact `person\.shoesize`; facts are /,
    ),
  )

  test('have no fact with something behind its name', async () => {
    for (const from of ['PERSON', 'a.b_c.d'])
      await refused([{ claim: 'team', from }], /there is no fact/)()
  })

  test(
    'say no expression that cannot be read',
    refused([{ claim: 'team', from: "'open" }], /^`team`: (?!there is no fact)/),
  )

  test('say expressions that begin with a fact', async () => {
    const { set } = await ready()
    await set([{ claim: 'team', from: "person.name + '!'" }])
  })

  test('are of a resource that is in the catalog', async () => {
    const { parts, set } = await ready()
    const unknown = { code: 'catalog.unknown_resource' }
    await assert.rejects(set([], 'nothing'), unknown)
    await removeResource(parts, { name: 'orders', by, reason: 'test' })
    await assert.rejects(set([]), unknown)
  })
})
