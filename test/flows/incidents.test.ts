import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { signedIn } from '../../src/programs/cli/testing.ts'
import { type OpenTask, TestAgent } from '../agent.ts'
import { follow, isSignedIn, type Placeholders, sectionsOf, Thief } from '../runbooks.ts'
import { keyFrom } from '../signing.ts'
import { inOneWorld, type World } from '../world.ts'

const PAGE = 'operations/incidents.md'
const NEW_CREDENTIAL = 'the-credential-after-the-incident'

/** Commands in the middle of a runbook that something else was tried before: another thief tries them. */
const AGAIN =
  /^remit (?:tasks close "|tasks close-all --person|resources suspend|agents suspend .*7)/

/** Commands that stop nobody: they read, or make what is new. */
const HARMLESS =
  /^remit (?:\S+ (?:list|show|explain|sealed|checkpoint|export|state)|agents add-key)\b/

/** Acts that an attacker still has after a command: calls with what was taken, and opening a task. */
const AFTER: readonly [command: RegExp, mayCall: boolean, mayOpen: boolean][] = [
  [/^everything stop/, false, false],
  [/^keys withdraw/, false, false],
  // What was closed is over, also when everything goes on.
  [/^tasks close-all --agent/, false, false],
  [/^everything resume/, false, true],
  [/^resources suspend/, false, true],
  [/^resources resume/, true, true],
  [/^spaces suspend/, true, true],
  [/^spaces resume/, true, true],
  [/^people suspend .*--close-tasks/, false, false],
  [/^people resume/, false, true],
  [/^agents suspend refund-bot --reason/, false, false],
  [/^agents suspend refund-bot --close-tasks/, false, false],
  [/^tasks close /, false, true],
  [/^tasks close-all --person/, false, true],
  [/^agents revoke-key/, false, false],
]

inOneWorld('O1: runbooks of incidents, with an attacker', (world) => {
  it('O1: each command of docs/operations/incidents.md does what the page says to who has stolen a key', async (t) => {
    const w = world()
    const cli = await signedIn(t, w)
    await writeFile(join(cli.home, 'new-credential.txt'), NEW_CREDENTIAL)
    await follow(
      cli,
      'remit spaces create acme --kind organization --people group:staff --agents refund-bot',
    )
    const commands = sectionsOf(PAGE).flatMap(({ commands, heading }) =>
      commands.map((text) => ({ heading, text })),
    )
    assert.ok(commands.length > 20)
    let [thief, isLost] = [await Thief.arrive(w), false]
    let before = ''
    // Another thief has a session of the person: it ends with the first suspension, and stays ended.
    const { token: session } = await w.api('sam')
    let isSuspended = false
    for (const { heading, text } of commands) {
      // Each runbook begins with a thief who has just come in.
      if (heading !== before && !isLost) thief = await Thief.arrive(w)
      before = heading
      if (!isLost && AGAIN.test(text)) thief = await Thief.arrive(w)
      const variables = await variablesOf(w, thief.task)
      const done = await follow(cli, text, variables)
      if (HARMLESS.test(text)) continue
      const command = text.replace('remit ', '')
      if (command === 'agents resume refund-bot') {
        // Resuming says what comes back: a task that was not closed, and none where all were.
        const isClosed = heading === 'The key of an agent'
        assert.equal(/can go on, with the keys/.test(done.said), !isClosed, done.said)
        assert.equal(await thief.mayCall(), !isClosed, `${heading}: ${text}`)
        assert.equal(await thief.mayOpen(), !isClosed, `${heading}: ${text}`)
        isLost ||= isClosed
        continue
      }
      if (command.startsWith('connections replace')) {
        await sendsOnly(w, cli.home, NEW_CREDENTIAL)
        continue
      }
      isSuspended ||= command.startsWith('people suspend')
      assert.equal(await isSignedIn(w, session), !isSuspended, `a session after: ${text}`)
      const after = AFTER.find(([which]) => which.test(command))
      assert.ok(after, `nothing says what an attacker may do after: ${text}`)
      assert.equal(await thief.mayCall(), after[1], `a call after: ${text}`)
      assert.equal(await thief.mayOpen(), after[2], `a new task after: ${text}`)
    }
  })

  it('O1: a stop of everything is kept, told, recorded, and no error twice', async (t) => {
    const w = world()
    const cli = await signedIn(t, w)
    const shown = async () => (await cli.remit('everything', 'show')).out
    assert.match(await shown(), /goes on/)
    assert.equal((await cli.remit('everything', 'stop')).exit, 0)
    assert.match(await shown(), /is stopped/)
    assert.equal((await cli.remit('everything', 'stop')).exit, 0, 'twice is no error')
    await w.restart()
    assert.match(await shown(), /is stopped/)
    assert.equal((await cli.remit('everything', 'resume')).exit, 0)
    assert.match(await shown(), /goes on/)
    const types = (await w.ledger()).map(({ type }) => type)
    assert.equal(types.filter((type) => type === 'organization.suspended').length, 2)
  })
})

/** The agent goes on with its new key, and the API gets the new credential instead of the one that a thief has. */
async function sendsOnly(w: World, home: string, credential: string): Promise<void> {
  const key = await keyFrom(JSON.parse(await readFile(join(home, 'refund-bot.jwk'), 'utf8')))
  const agent = new TestAgent(w, w.agent.id, key)
  w.echo.forget()
  const called = await agent.call(await w.open({}, { agent }), 'GET', '/echo/things/1')
  assert.equal(called.status, 200, called.text)
  const sent = w.echo.reached.map(({ headers }) => headers.authorization)
  assert.deepEqual(sent, [`Bearer ${credential}`])
}

async function variablesOf(w: World, task: OpenTask): Promise<Placeholders> {
  const { read } = w.rooms.storage
  const decision = await read.selectFrom('decisions').select('id').executeTakeFirstOrThrow()
  const keys = await read
    .selectFrom('signing_keys')
    .select('kid')
    .where('purpose', '=', 'tokens')
    .where('retired_at', 'is', null)
    .execute()
  return {
    $DECISION: decision.id,
    $KID: keys[0]?.kid ?? '',
    $TASK: task.id,
    $THUMBPRINT: w.agent.key.thumbprint,
  }
}
