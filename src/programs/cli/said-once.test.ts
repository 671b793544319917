import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Secret } from '../../platform/lib/secret.ts'
import { facts, indented } from '../../platform/lib/terminal/table.ts'
import { StoredSessions } from './server/sessions.ts'
import { fakeServer, type Owner, testCli } from './testing.ts'
import type { World } from './world.ts'

/** A command line at a server with these answers, by method and path below `/api/v1`. */
async function at(
  owner: Owner,
  answers: Readonly<Record<string, object>>,
  change: Partial<World> = {},
) {
  const asked: string[] = []
  const url = await fakeServer(owner, (request, reply) => {
    const what = `${request.method} ${String(request.url).replace('/api/v1', '')}`
    asked.push(what)
    reply.setHeader('content-type', 'application/json')
    reply.end(JSON.stringify(answers[what] ?? {}))
  })
  const cli = await testCli(owner, { REMIT_URL: url }, change)
  const expiresAt = new Date(cli.world.clock.now() + 3_600_000).toISOString()
  await new StoredSessions(cli.world).keep({ url, token: new Secret('session-token'), expiresAt })
  return { ...cli, asked }
}

const HOLD = {
  ...{ id: 'hld_x', matter: 'a case', person: null, agent: null, task: null, resource: null },
  ...{ from_at: null, until_at: null },
}

describe('what cannot be taken back', () => {
  for (const confirms of [true, false])
    test(`O: is asked about once, ${confirms ? 'by the page' : 'by the command'}`, async (t) => {
      const questions: string[] = []
      const askYes = async (question: string) => questions.push(question) > 0
      const cli = await at(
        t,
        { 'GET /session': { confirms }, 'DELETE /retention/holds/hld_x': HOLD },
        { askYes },
      )
      const lifted = await cli.remit('retention', 'lift', 'hld_x')
      assert.equal(lifted.exit, 0, lifted.said)
      assert.equal(questions.length, confirms ? 0 : 1)
      const sure = await cli.remit('retention', 'lift', 'hld_x', '--yes')
      assert.equal(sure.exit, 0, sure.said)
      assert.equal(questions.length, confirms ? 0 : 1)
    })

  test('O: is asked about by the command where a server says nothing of a page', async (t) => {
    const cli = await at(t, { 'DELETE /retention/holds/hld_x': HOLD })
    const refused = await cli.remit('retention', 'lift', 'hld_x')
    assert.equal(refused.exit, 1)
    assert.match(refused.said, /Nothing was changed/)
    assert.deepEqual(cli.asked, ['GET /session'])
  })
})

describe('a pattern of actions', () => {
  test('O: that names none is refused, with where the actions are', async (t) => {
    const resource = (more: object) => ({ identifier: 'https://gateway.example/x', ...more })
    const cli = await at(t, {
      'GET /resources/warehouse': resource({ name: 'warehouse', actions: [], members: null }),
      'GET /resources/office': resource({ name: 'office', actions: [], members: ['desk'] }),
    })
    const add = (ceiling: string) =>
      cli.remit('agents', 'add', 'order-bot', '--trust', '2', '--ceiling', ceiling)
    const waits = await add('warehouse.*')
    assert.equal(waits.exit, 1)
    assert.match(waits.said, /`warehouse\.\*` names no action yet/)
    assert.match(waits.said, /next +remit resources review warehouse/)
    const group = await add('office.*')
    assert.equal(group.exit, 1)
    assert.match(group.said, /office is a group[\s\S]*next +desk\.\*/)
    assert.ok(cli.asked.every((what) => what.startsWith('GET ')))
  })
})

test('O: a command stays whole in 80 columns, so that it can be copied', () => {
  const command = 'remit decisions explain dec_P7qOdCjVoh1R90MjLE8bER --json --and-something-long'
  const rows = indented(
    facts(
      [
        ['why', 'words '.repeat(30)],
        ['explain', command],
      ],
      78,
    ),
  )
  const lines = rows.map(({ plain }) => plain)
  assert.equal(lines.filter((line) => line.includes(command)).length, 1)
  assert.ok(lines.filter((line) => !line.includes(command)).every((line) => line.length <= 80))
})

/** Texts of the package that people read at work: commands, and pages of problems. */
async function texts(): Promise<readonly (readonly [string, string])[]> {
  const root = join(import.meta.dirname, '../../..')
  const folders = ['src/programs/cli', 'src/console/api-operations', 'docs/problems']
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(join(root, folder), { recursive: true })
      return names.filter((name) => /\.(?:md|ts)$/.test(name)).map((name) => join(folder, name))
    }),
  )
  const files = found.flat().filter((file) => !/\.test\.ts$/.test(file))
  return Promise.all(
    files.map(async (file) => [file, await readFile(join(root, file), 'utf8')] as const),
  )
}

test('O: no text names a folder that is not in the package, or says “until in 9 min”', async () => {
  const all = await texts()
  assert.ok(all.length > 300)
  for (const [file, content] of all) {
    assert.doesNotMatch(content, /node (?:verifier|tools|test|bench|examples)\//, file)
    assert.doesNotMatch(content, /until \$\{(?:bold\()?relative\(/, file)
  }
})
