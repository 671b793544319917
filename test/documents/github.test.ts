import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { summarizeUntyped } from '../../src/catalog/argument-types/index.ts'
import { listActions } from '../../src/catalog/catalog/index.ts'
import { asPlanned, catalogParts } from '../../src/catalog/catalog/testing.ts'
import { applyImport, planImportInWorker } from '../../src/catalog/catalog-changes/index.ts'
import { forEachEngine } from '../../src/platform/storage/testing.ts'
import { schemaFor, validateInWorker } from '../../src/policy/policy/index.ts'
import { DEFAULT_POLICIES } from '../../src/policy/policy/testing.ts'

const DOCUMENT = readFileSync(
  new URL('./node_modules/@octokit/openapi/generated/api.github.com.json', import.meta.url),
  'utf8',
)
const METHODS = new Set(['get', 'head', 'post', 'put', 'patch', 'delete'])
const planned = planImportInWorker(DOCUMENT, {
  name: 'github',
  identifier: 'http://127.0.0.1:7481/github',
})

/** Lists the operations of the document without any of our code. */
function operations(): readonly string[] {
  const { paths } = JSON.parse(DOCUMENT) as { paths: Record<string, Record<string, unknown>> } // as: the published document
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => METHODS.has(method))
      .map((method) => `${method.toUpperCase()} ${path}`),
  )
}

describe('the description of GitHub’s API', () => {
  it('is imported whole: what is not an action is named with the reason', async () => {
    const { actions, notes } = await planned
    const all = operations()
    assert.ok(all.length > 1_000)
    const known = new Set(actions.map(({ method, path }) => `${method} ${path}`))
    const missing = all.filter((operation) => !known.has(operation))
    // `compare/{base}...{head}` asks for the same as `compare/{basehead}`, and no router has to try one first.
    assert.deepEqual(missing, ['GET /repos/{owner}/{repo}/compare/{base}...{head}'])
    for (const each of missing)
      assert.ok(notes.some((note) => note.startsWith(`${each} is left out: `)))
  })

  it('is typed but for a few arguments, each with its reason', async () => {
    const { actions } = await planned
    const summary = summarizeUntyped(actions)
    const untyped = summary.reduce((sum, { count }) => sum + count, 0)
    const known = actions.reduce((sum, each) => sum + each.arguments.arguments.length, 0)
    assert.ok(untyped < known / 40, `${untyped} of ${known} have no type`)
    for (const { reason } of summary)
      assert.match(reason, /may be .* or |a map|any members|further members|not JSON/)
    const blob = actions.find(({ name }) => name === 'github.git-create-tree')
    const tree = blob?.arguments.arguments.find(({ name }) => name === 'tree')?.type
    assert.ok(tree?.kind === 'set' && tree.items.kind === 'record')
    const mode = tree.items.fields.find(({ name }) => name === 'mode')?.type
    assert.deepEqual(mode?.kind === 'string' && mode.enum?.includes('100644'), true)
  })

  it('leaves policies that can be checked and typed by every operation of it', async () => {
    const { actions } = await planned
    const schema = schemaFor(actions)
    const rules = `${DEFAULT_POLICIES}
@id("merge-squashed") permit (principal, action == Action::"github.pulls-merge", resource == Resource::"github")
when { context.args has merge_method && context.args.merge_method == "squash" && context.args.owner == "acme" };`
    assert.deepEqual(await validateInWorker({ text: rules, schema }), {
      mistakes: [],
      warnings: [],
    })
    const wrong = rules.replaceAll('args.owner', 'args.owners')
    const { mistakes } = await validateInWorker({ text: wrong, schema })
    assert.match(mistakes[0]?.message ?? '', /owners/)
  })
})

forEachEngine('the description of GitHub’s API, in the catalog', (open) => {
  it('goes in whole and comes back the same; a second import changes nothing', async () => {
    const parts = await catalogParts(await open())
    const plan = await planned
    const done = await applyImport(parts, plan, 'psn_admin')
    assert.equal(done.added.length, plan.actions.length)
    assert.deepEqual(done.untyped, summarizeUntyped(plan.actions))
    const stored = await listActions(parts.storage.read, 'github')
    assert.deepEqual(asPlanned(stored), asPlanned(plan.actions))
    assert.equal((await applyImport(parts, plan, 'psn_admin')).unchanged, true)
  })
})
