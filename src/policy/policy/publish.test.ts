import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Catalog } from '../../catalog/catalog/index.ts'
import { catalogParts } from '../../catalog/catalog/testing.ts'
import { applyImport } from '../../catalog/catalog-changes/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { Policies } from './policies.ts'
import { findSet, latestSet } from './policy-store.ts'
import { publishAgain, publishPolicies } from './publish.ts'
import { DEFAULT_POLICIES, ORDERS_PLAN, REFUND_DESK } from './testing.ts'

const by = 'psn_admin'
const TESTS = [
  {
    file: 'tests/desk.yaml',
    text: `people: { sam: [support] }
agents: { refund-bot: {} }
given: { person: sam, agent: refund-bot, action: orders.refund }
tests:
  - it: large refunds ask
    args: { order_id: "1", amount: 900 }
    expect: asks
`,
  },
]

async function place(storage: Storage) {
  const parts = await catalogParts(storage)
  const catalog = new Catalog(parts)
  const policies = new Policies({ storage, live: parts.live, catalog })
  const rules = { ...parts, catalog }
  await applyImport(
    { ...parts, revalidate: (actions) => policies.revalidate(actions) },
    ORDERS_PLAN,
    by,
  )
  const failing = async (text: string, tests?: typeof TESTS) => {
    const error = await publishPolicies(rules, {
      text,
      by,
      note: '',
      ...(tests && { tests }),
    }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof Problem, 'was published')
    return error
  }
  return { rules, read: storage.read, failing }
}

const WITHOUT_ASKING = REFUND_DESK.replace(
  'context.args.amount.greaterThan(decimal("100.00"))',
  'context.args.amount.greaterThan(decimal("1000.00"))',
)

forEachEngine('publishing with tests', (open) => {
  test('a test that does not hold blocks it, with file, line, sentence, what came and why', async () => {
    const { failing, read, rules } = await place(await open())
    await publishPolicies(rules, { text: DEFAULT_POLICIES, by, note: '' })
    const error = await failing(WITHOUT_ASKING, TESTS)
    assert.equal(error.code, 'policy.tests_failed')
    assert.equal(error.detail, 'tests/desk.yaml:7: large refunds ask: expected asks, came permit')
    const [failed] = error.members.failed as { why: { rules: string[] }[] }[] // as: FailedCase
    assert.deepEqual(
      failed?.why.flatMap((reason) => reason.rules),
      ['support-orders', 'refund-bot-for-support'],
    )
    assert.equal((await latestSet(read))?.version, 1)
  })

  test('tests that were published go on to hold until others come in their place', async () => {
    const { failing, read, rules } = await place(await open())
    const first = await publishPolicies(rules, { text: REFUND_DESK, by, note: '', tests: TESTS })
    assert.equal(first.tested, 1)
    assert.equal((await failing(WITHOUT_ASKING)).code, 'policy.tests_failed')
    await publishPolicies(rules, { text: `${REFUND_DESK}// again\n`, by, note: '' })
    assert.deepEqual((await latestSet(read))?.tests, TESTS)
    await publishPolicies(rules, { text: WITHOUT_ASKING, by, note: '', tests: [] })
    assert.deepEqual((await latestSet(read))?.tests, [])
  })

  test('a file that cannot be read blocks it, too', async () => {
    const { failing } = await place(await open())
    const error = await failing(REFUND_DESK, [{ file: 'x.yaml', text: 'tests: [{}]' }])
    assert.match(error.detail, /^x\.yaml:1: a test needs a sentence/)
  })

  test('an older version comes back as a new one, with files and tests', async () => {
    const { read, rules } = await place(await open())
    const files = [{ file: 'a.cedar', line: 1 }]
    await publishPolicies(rules, { text: REFUND_DESK, by, note: '', files, tests: TESTS })
    await publishPolicies(rules, { text: DEFAULT_POLICIES, by, note: '', tests: [] })
    const { tested, version } = await publishAgain(rules, { version: 1, by })
    assert.deepEqual([version, tested], [3, 1])
    const again = await findSet(read, 3)
    assert.deepEqual(
      [again?.text, again?.files, again?.tests, again?.note],
      [REFUND_DESK, files, TESTS, 'version 1 again'],
    )
    await assert.rejects(publishAgain(rules, { version: 9, by }), /there is no policy version 9/)
  })
})
