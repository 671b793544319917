import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { signedIn } from '../../src/cli/testing.ts'
import { assertNoToken } from '../refusals.ts'
import { inOneWorld } from '../world.ts'

const PAGE = new URL('../../docs/operations/incidents.md', import.meta.url)

/** Commands of the page, in its order, each with the heading above it. */
function commandsOf(page: string) {
  let [heading, isShell] = ['', false]
  return page.split('\n').flatMap((line) => {
    const text = line.trim()
    if (text.startsWith('## ')) heading = text.slice(3)
    if (text.startsWith('```')) isShell = text === '```sh'
    return isShell && !text.startsWith('```') ? [{ heading, text }] : []
  })
}

/** Words of a command as a shell reads them: quotes, and names of variables. */
function wordsOf(text: string, variables: Readonly<Record<string, string>>): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|\S+/g)].map(([bare, quoted]) =>
    (quoted ?? bare).replace(/\$([A-Z]+)/g, (_, name: string) => {
      const value = variables[name]
      assert.ok(value, `$${name} in: ${text}`)
      return value
    }),
  )
}

inOneWorld('runbooks of incidents', (world) => {
  it('each command of docs/operations/incidents.md does what the page says', async (t) => {
    const w = world()
    const cli = await signedIn(t, w)
    const task = await w.open()
    assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
    const decision = await w.rooms.storage.read
      .selectFrom('decisions')
      .select('id')
      .executeTakeFirstOrThrow()
    const keys = await w.rooms.storage.read
      .selectFrom('signing_keys')
      .select('kid')
      .where('purpose', '=', 'tokens')
      .where('retired_at', 'is', null)
      .execute()
    const variables = {
      DECISION: decision.id,
      KID: keys[0]?.kid ?? '',
      TASK: task.id,
      THUMBPRINT: w.agent.key.thumbprint,
    }
    const space = ['acme', '--kind', 'organization', '--people', 'group:staff']
    const created = await cli.remit('spaces', 'create', ...space, '--agents', 'refund-bot')
    assert.ok(created.exit === 0, created.said)

    const commands = commandsOf(readFileSync(PAGE, 'utf8'))
    assert.ok(commands.length > 20)
    for (const { heading, text } of commands) {
      const [program, ...args] = wordsOf(text, variables)
      assert.equal(program, 'remit', text)
      const done = await cli.remit(...args)
      assert.equal(done.exit, 0, `${heading}: ${text}\n${done.said}`)
      if (text.startsWith('remit keys withdraw'))
        assertNoToken(await w.agent.askToken(task, w.orders), 'invalid_grant', 'token.unknown_key')
    }
  })
})
