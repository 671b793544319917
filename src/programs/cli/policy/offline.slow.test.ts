import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { schemaFor } from '../../../policy/policy/index.ts'
import { ORDERS_PLAN } from '../../../policy/policy/testing.ts'
import { type Owner, testCli } from '../testing.ts'

const RULE = `@id("support")
permit (principal, action == Action::"orders.read", resource)
when { !(principal is Person) || principal in Group::"support" };
`
const TESTS = `people: { sam: [support], nils: [] }
agents: { bot: {} }
tests:
  - it: support reads
    person: [sam, nils]
    agent: bot
    action: orders.read
    expect: { sam: permit, nils: deny }
`

/** A user with policies, their tests and a schema, and no server at all. */
async function place(owner: Owner, rule = RULE) {
  const cli = await testCli(owner, { REMIT_URL: 'http://127.0.0.1:9' })
  await mkdir(join(cli.home, 'rules', 'tests'), { recursive: true })
  await writeFile(join(cli.home, 'rules', 'a.cedar'), rule)
  await writeFile(join(cli.home, 'rules', 'tests', 'a.yaml'), TESTS)
  await writeFile(join(cli.home, 's.cedarschema'), schemaFor(ORDERS_PLAN.actions))
  return cli
}

test('tests run without a server, and end with 1 when one does not hold', async (t) => {
  const good = await place(t)
  const held = await good.remit('policy', 'test', 'rules', '--schema', 's.cedarschema')
  assert.equal(held.exit, 0, held.said)
  assert.match(held.said, /✓ one test holds \(2 calls decided\)/)
  const bad = await place(t, RULE.replace('"support" }', '"finance" }'))
  const failed = await bad.remit('policy', 'test', 'rules', '--schema', 's.cedarschema')
  assert.equal(failed.exit, 1)
  assert.match(failed.out, /✗ rules\/tests\/a\.yaml:8 {2}support reads/)
  assert.match(failed.out, /sam with bot, orders\.read: expected permit, came deny/)
  assert.match(failed.said, /1 of 1 tests do not hold/)
  const none = await good.remit('policy', 'test', 'rules/a.cedar', '--schema', 's.cedarschema')
  assert.match(none.said, /There are no tests/)
})

test('mistakes come before tests, where they stand', async (t) => {
  const cli = await place(t, RULE.replace('orders.read', 'orders.reed'))
  const { exit, out } = await cli.remit('policy', 'test', 'rules', '--schema', 's.cedarschema')
  assert.equal(exit, 1)
  assert.match(out, /✗ rules\/a\.cedar:2:/)
})

test('fmt --check changes nothing and ends with 1; fmt writes; what cannot be read stays as it is', async (t) => {
  const untidy = RULE.replace('permit (', 'permit(')
  const cli = await place(t, untidy)
  const file = join(cli.home, 'rules', 'a.cedar')
  assert.equal((await cli.remit('policy', 'fmt', 'rules', '--check')).exit, 1)
  assert.equal(await readFile(file, 'utf8'), untidy)
  assert.equal((await cli.remit('policy', 'fmt', 'rules')).exit, 0)
  assert.notEqual(await readFile(file, 'utf8'), untidy)
  assert.equal((await cli.remit('policy', 'fmt', 'rules', '--check')).exit, 0)
  await writeFile(file, 'permit (principal')
  const broken = await cli.remit('policy', 'fmt', 'rules')
  assert.equal(broken.exit, 1)
  assert.match(broken.said, /✗ rules\/a\.cedar:1:/)
  assert.equal(await readFile(file, 'utf8'), 'permit (principal')
})
