import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { signedIn } from '../../src/cli/testing.ts'
import type { OpenTask } from '../agent.ts'
import { inOneWorld, type World } from '../world.ts'

const PAGE = new URL('../../docs/operations/incidents.md', import.meta.url)
const NEW_CREDENTIAL = 'the-credential-after-the-incident'

/** Commands of the page, in its order, each with the heading above it. */
function commandsOf(page: string) {
  let [heading, isShell] = ['', false]
  return page.split('\n').flatMap((line) => {
    const text = line.trim()
    if (/^##+ /.test(text)) heading = text.replace(/^#+ /, '')
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

/** Thief of an agent's key, who also gets ID tokens of a person: what was taken before the first command is tried after each. */
class Thief {
  readonly #w: World
  #task: OpenTask | undefined
  #token = ''

  private constructor(w: World) {
    this.#w = w
  }

  static async arrive(w: World): Promise<Thief> {
    const thief = new Thief(w)
    thief.#task = await w.open({ purpose: 'by a thief' })
    thief.#token = await w.agent.token(thief.#task, w.orders)
    assert.ok(await thief.mayCall())
    return thief
  }

  get task(): OpenTask {
    assert.ok(this.#task)
    return this.#task
  }

  /** Calls with the token from before, and with a new one of the same task. */
  async mayCall(): Promise<boolean> {
    const { agent, orders } = this.#w
    // Refusals of Remit have a code; what the API itself answers has none.
    const passes = async (token: string) =>
      (await agent.call(this.task, 'GET', '/orders/orders/1042', { token })).body.code === undefined
    const asked = await agent.askToken(this.task, orders)
    const isNew = asked.status === 200 && (await passes(String(asked.body.access_token)))
    return (await passes(this.#token)) || isNew
  }

  /** Opens another task with the stolen key, by a fresh ID token of the person. */
  async mayOpen(): Promise<boolean> {
    const details = this.#w.everything
    const asked = await this.#w.agent.ask({ details, subjectToken: await this.#w.idToken('sam') })
    return asked.status === 200
  }
}

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
  [/^connections replace/, false, false],
]

inOneWorld('O1: runbooks of incidents, with an attacker', (world) => {
  it('O1: each command of docs/operations/incidents.md does what the page says to who has stolen a key', async (t) => {
    const w = world()
    const cli = await signedIn(t, w)
    await writeFile(join(cli.home, 'new-credential.txt'), NEW_CREDENTIAL)
    const run = async (text: string, variables: Readonly<Record<string, string>> = {}) => {
      const [program, ...args] = wordsOf(text, variables)
      assert.equal(program, 'remit', text)
      const done = await cli.remit(...args)
      assert.equal(done.exit, 0, `${text}\n${done.said}`)
      return done
    }
    await run(
      'remit spaces create acme --kind organization --people group:staff --agents refund-bot',
    )
    const commands = commandsOf(readFileSync(PAGE, 'utf8'))
    assert.ok(commands.length > 20)
    let [thief, isLost] = [await Thief.arrive(w), false]
    let before = ''
    for (const { heading, text } of commands) {
      // Each runbook begins with a thief who has just come in.
      if (heading !== before && !isLost) thief = await Thief.arrive(w)
      before = heading
      if (!isLost && AGAIN.test(text)) thief = await Thief.arrive(w)
      const variables = await variablesOf(w, thief.task)
      const done = await run(text, variables)
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
      const after = AFTER.find(([which]) => which.test(command))
      assert.ok(after, `nothing says what an attacker may do after: ${text}`)
      if (command.startsWith('connections replace')) continue
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

async function variablesOf(w: World, task: OpenTask): Promise<Readonly<Record<string, string>>> {
  const { read } = w.rooms.storage
  const decision = await read.selectFrom('decisions').select('id').executeTakeFirstOrThrow()
  const keys = await read
    .selectFrom('signing_keys')
    .select('kid')
    .where('purpose', '=', 'tokens')
    .where('retired_at', 'is', null)
    .execute()
  return {
    DECISION: decision.id,
    KID: keys[0]?.kid ?? '',
    TASK: task.id,
    THUMBPRINT: w.agent.key.thumbprint,
  }
}
