/** Runbooks for which servers are stopped, or that change what is stored: their commands run in processes of their own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { countSealed, openMasterKey } from '../../src/platform/keys/index.ts'
import { base64url } from '../../src/platform/lib/bytes.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { Secret } from '../../src/platform/lib/secret.ts'
import { type Owner, signedIn, type TestCli } from '../../src/programs/cli/testing.ts'
import { follow, isSignedIn, type Placeholders, sectionOf, Thief, wordsOf } from '../runbooks.ts'
import { World } from '../world.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const BACKUP = '/var/backups/remit/monday'
const MINUTE = 60_000

async function worldOf(t: TestContext): Promise<World> {
  const w = await World.start('sqlite', { onDisk: true })
  t.after(() => w.stop())
  return w
}

async function folder(t: Owner): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'remit-runbook-'))
  t.after(() => rm(made, { recursive: true, force: true }))
  return made
}

/** Runs a command of a page with the settings of the server, as its operator does. Answers what it said. */
async function operate(w: World, command: string, placeholders?: Placeholders): Promise<string> {
  const { CLOCK_AHEAD_MS: _, ...settings } = w.environment
  const child = spawn(process.execPath, [PROGRAM, ...wordsOf(command, placeholders)], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [said, [exit]] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.equal(exit, 0, `${command}\n${said}`)
  return said
}

/** Files of the database, and with `ledger.head` all that a snapshot of the directory has. */
async function databaseFiles(w: World, also: RegExp = /^$/): Promise<readonly string[]> {
  return (await readdir(w.data)).filter((name) => name.startsWith('remit.db') || also.test(name))
}

/** Takes a copy of the database while no server runs. Answers an act that puts it back. */
async function snapshot(t: Owner, w: World, also?: RegExp): Promise<() => Promise<void>> {
  const kept = await folder(t)
  await w.stopServer()
  for (const name of await databaseFiles(w, also)) await cp(join(w.data, name), join(kept, name))
  await w.startServer()
  return async () => {
    await w.stopServer()
    await removeDatabase(w)
    for (const name of await readdir(kept)) await cp(join(kept, name), join(w.data, name))
  }
}

async function removeDatabase(w: World): Promise<void> {
  for (const name of await databaseFiles(w)) await rm(join(w.data, name))
}

/** Lets an attacker in: a thief of an agent's key, and of a session. */
async function robbed(
  t: Owner,
  w: World,
): Promise<{ thief: Thief; session: string; ada: TestCli }> {
  const ada = await signedIn(t, w)
  const thief = await Thief.arrive(w)
  const { token: session } = await w.api('sam')
  assert.ok(await isSignedIn(w, session))
  return { ada, thief, session }
}

/** Takes from a thief what the task and the key of the agent gave. */
async function endAll(ada: TestCli, { task }: Thief): Promise<void> {
  for (const command of [
    ['tasks', 'close', task.id],
    ['agents', 'suspend', 'refund-bot', '--reason', 'its key was stolen'],
  ])
    assert.equal((await ada.remit(...command)).exit, 0)
}

/** Number by which `remit ledger accept` goes on. */
async function numberOf(cli: TestCli): Promise<string> {
  const { break: found } = (await cli.remit('ledger', 'state', '--json')).json as {
    break?: { history: number }
  } // as the schema says
  return String(found?.history)
}

test('O1: after a restore, what was taken from a thief since the backup works nowhere, before and after it is accepted', async (t) => {
  const w = await worldOf(t)
  const { ada, session, thief } = await robbed(t, w)
  const directory = join(await folder(t), 'monday')
  const [backup = ''] = sectionOf('operations/backup.md#back-up').commands
  const [restore = '', serve, accept = ''] = sectionOf('operations/backup.md#restore').commands
  assert.equal(serve, 'remit serve')
  await operate(w, backup, { [BACKUP]: directory })
  await endAll(ada, thief)
  assert.equal(await thief.mayCall(), false)

  await w.stopServer()
  await removeDatabase(w)
  const said = await operate(w, restore, { [BACKUP]: directory })
  assert.match(said, new RegExp(accept), 'it prints the number')
  await w.startServer()
  w.forgetBrowsers()
  assert.equal(await isSignedIn(w, session), false, 'sessions of before')
  assert.deepEqual([await thief.mayCall(), await thief.mayOpen()], [false, false])
  // What was lost is done again before the state is accepted, as the page says.
  const again = await signedIn(t, w)
  assert.equal((await again.remit('agents', 'suspend', 'refund-bot')).exit, 0)
  await follow(again, `${accept} --yes`)
  assert.deepEqual([await thief.mayCall(), await thief.mayOpen()], [false, false])
  assert.equal((await again.remit('agents', 'resume', 'refund-bot')).exit, 0)
  assert.equal(await thief.mayCall(), false, 'what was open at the backup stays closed')
})

test('O1: after a snapshot of the whole directory, nothing of a thief works once it was ended in place', async (t) => {
  const w = await worldOf(t)
  const { ada, session, thief } = await robbed(t, w)
  const [inPlace = ''] = sectionOf('operations/backup.md#restored-by-other-means').commands
  const putBack = await snapshot(t, w, /^ledger/)
  assert.ok(await thief.mayCall())
  await endAll(ada, thief)
  await putBack()
  await operate(w, inPlace)
  await w.startServer()
  w.forgetBrowsers()
  assert.equal(await isSignedIn(w, session), false)
  assert.deepEqual([await thief.mayCall(), await thief.mayOpen()], [false, false])
  const again = await signedIn(t, w)
  assert.equal((await again.remit('ledger', 'accept', await numberOf(again), '--yes')).exit, 0)
  assert.equal(await thief.mayCall(), false)
})

test('O1: a database that went back permits a thief nothing before an administrator has looked, and nothing of before afterwards', async (t) => {
  const w = await worldOf(t)
  const { ada, thief } = await robbed(t, w)
  const putBack = await snapshot(t, w)
  assert.ok(await thief.mayCall())
  await endAll(ada, thief)
  await w.rooms.ledger.checkpoint()
  await putBack()
  await w.startServer()
  assert.deepEqual([await thief.mayCall(), await thief.mayOpen()], [false, false])
  const { named } = sectionOf('problems/ledger.inconsistent.md#what-to-do')
  const evidence = join(await folder(t), 'evidence')
  const commands = named.filter((command) =>
    /^remit ledger (?:state|export|accept N)/.test(command),
  )
  assert.ok(commands.length >= 3, String(commands))
  for (const command of new Set(commands)) {
    const isLast = command.endsWith(' N')
    const number = isLast ? await numberOf(ada) : ''
    const placeholders = { DIR: evidence, ' N': '', N: number }
    await follow(ada, isLast ? `${command} --yes` : command, placeholders)
    assert.equal(await thief.mayCall(), false, command)
    if (!isLast) assert.equal(await thief.mayOpen(), false, command)
  }
})

test('O1: after recorded time was taken back, nothing that was given until then works', async (t) => {
  const w = await worldOf(t)
  const { session, thief } = await robbed(t, w)
  await w.stopServer()
  w.clock.jump(2 * MINUTE)
  await w.startServer()
  const later = await Thief.arrive(w)
  await w.stopServer()
  w.clock.jump(-2 * MINUTE)
  await assert.rejects(w.startServer(), { code: 'server.clock_off' })
  const { named } = sectionOf('problems/server.clock_off.md#what-to-do')
  const [accept = '', goOn = ''] = named
  await operate(w, accept)
  await w.startServer()
  w.forgetBrowsers()
  const again = await signedIn(t, w)
  const tried = async () => [await thief.mayCall(), await later.mayCall()]
  assert.deepEqual(await tried(), [false, false])
  assert.equal(await isSignedIn(w, session), false)
  await follow(again, `${goOn} ${await numberOf(again)} --yes`)
  assert.deepEqual(await tried(), [false, false])
})

test('O1: a thief of the master key opens nothing of a copy that is made after the change', async (t) => {
  const w = await worldOf(t)
  const ada = await signedIn(t, w)
  const { named } = sectionOf('keys.md#change-the-master-key')
  assert.deepEqual(named, ['remit keys sealed', 'remit keys seal-again', 'remit keys sealed'])
  const file = join(w.data, 'master.key')
  const [stolen, next] = [(await readFile(file, 'utf8')).trim(), base64url(systemRandom.bytes(32))]
  const withKeys = async (...keys: readonly string[]) => {
    await writeFile(file, `${keys.join('\n')}\n`)
    await w.restart()
  }
  const master = await openMasterKey({
    ...{ directory: await folder(t), value: new Secret(stolen), random: systemRandom },
    isNeeded: async () => true,
  })
  /** Numbers of values that the thief opens in a copy, and of all. */
  const opened = async () => {
    const counts = await countSealed({ ...w.rooms.custody, master })
    const readable = counts.map(({ before, current }) => before + current)
    return {
      readable: readable.reduce((sum, each) => sum + each),
      all: counts.reduce((sum, { unreadable }, i) => sum + unreadable + (readable[i] ?? 0), 0),
    }
  }
  const before = await opened()
  assert.ok(before.readable > 5 && before.readable === before.all, JSON.stringify(before))
  await withKeys(next, stolen)
  for (const command of named) await follow(ada, command)
  await withKeys(next)
  assert.deepEqual(await opened(), { ...before, readable: 0 })
})
