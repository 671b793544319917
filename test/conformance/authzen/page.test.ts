import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Secret } from '../../../src/platform/lib/secret.ts'
import { StoredSessions } from '../../../src/programs/cli/server/sessions.ts'
import { type Owner, type TestCli, testCli } from '../../../src/programs/cli/testing.ts'
import { type Answer, send } from '../../wire.ts'
import { World } from '../../world.ts'
import { Pep } from './pdp.ts'
import { RECORDS } from './records.ts'

/** The blocks of docs/authzen.md: each is run, and what a `json` block shows after one is what it answers. */
const BLOCK = /^```sh\n([\s\S]*?)^```\n(?:```json\n([\s\S]*?)^```\n)?/gm
const page = readFileSync(new URL('../../../docs/authzen.md', import.meta.url), 'utf8')
const HOUR = 3_600_000

describe('docs/authzen.md', () => {
  let world: World
  let cli: TestCli
  const known = new Map<string, string>()
  const ends: (() => Promise<void>)[] = []
  before(async () => {
    world = await World.start('sqlite')
    const owner = { after: (end: unknown) => void ends.push(end as () => Promise<void>) } // as: what `testCli` gives it
    cli = await testCli(owner as Owner, { REMIT_URL: world.issuer }) // as: it uses nothing else
    const token = new Secret((await world.api('ada')).token)
    const expiresAt = new Date(cli.world.clock.now() + HOUR).toISOString()
    await new StoredSessions(cli.world).keep({ url: world.issuer, token, expiresAt })
    await writeFile(join(cli.home, 'records.cedar'), RECORDS.policies)
    await writeFile(join(cli.home, 'records.cedarschema'), RECORDS.schema)
    await writeFile(join(cli.home, 'records.json'), RECORDS.entities)
    const mesh = await Pep.add(world, 'mesh', { namesTasks: true })
    known.set('REMIT', world.issuer)
    known.set('MESH_SECRET', mesh.secret)
    known.set('TASK', (await world.open()).id)
    known.set('PROVIDER', world.provider)
    known.set('ORDERS', world.orders)
    await world.allow('sam')
    known.set('PERSON', (await world.person('sam')).id)
  })
  after(async () => {
    for (const end of ends) await end()
    await world.stop()
  })

  async function remit(line: string): Promise<void> {
    const words = line.replaceAll(/\$(\w+)/g, (_, name) => known.get(name) ?? '?').split(/\s+/)
    const { exit, out, said } = await cli.remit(...words.slice(1))
    assert.equal(exit, 0, `${line}\n${said}`)
    const [secret] = /pep_[\w-]{43}/.exec(out) ?? []
    if (secret !== undefined) known.set('SECRET', secret)
  }

  /** Remembers what a denial says, for the block of the page that submits it. */
  function remember({ body }: Answer): void {
    const told = (body.context ?? {}) as Readonly<Record<string, unknown>> // as: an answer of ours, if any
    const { expires_at: expires } = (told.access_request ?? {}) as { expires_at?: string } // as: likewise
    if (expires === undefined) return
    known.set('EVALUATION', String(told.evaluation_id))
    known.set('EXPIRES', expires)
  }

  function curl(command: string): Promise<Answer> {
    const text = command
      .replaceAll(/'"\$(\w+)"'|\$(\w+)/g, (_, quoted, plain) => known.get(quoted ?? plain) ?? '?')
      .trim()
    const [, url = ''] = /^curl -s "([^"]+)"/.exec(text) ?? []
    const headers = Array.from(text.matchAll(/-H (?:"([^"]*)"|'([^']*)')/g), (match) => {
      const [name = '', value = ''] = (match[1] ?? match[2] ?? '').split(': ')
      return [name, value] as const
    })
    const [, body] = /-d '([\s\S]*)'$/.exec(text) ?? []
    return send(url, body === undefined ? {} : { method: 'POST', headers, body })
  }

  const blocks = Array.from(page.matchAll(BLOCK))
  assert.ok(blocks.length >= 6)
  for (const [, script = '', shown] of blocks) {
    const [title = ''] = script.split('\n')
    it(title, async () => {
      if (title.startsWith('remit ')) {
        for (const line of script.trim().split('\n')) await remit(line)
        return
      }
      const answer = await curl(script)
      assert.ok(answer.status === 200 || answer.status === 202, answer.text)
      remember(answer)
      if (shown !== undefined) matches(answer.body, JSON.parse(shown), '')
    })
  }
})

/** Asserts that everything shown is there. `…` stands for anything; times are of another day. */
function matches(actual: unknown, shown: unknown, at: string): void {
  if (typeof shown === 'string') assert.match(String(actual), patternOf(shown), at)
  else if (typeof shown !== 'object' || shown === null) assert.equal(actual, shown, at)
  else {
    if (Array.isArray(shown)) assert.equal((actual as unknown[]).length, shown.length, at) // as: shown as a list
    for (const [name, value] of Object.entries(shown))
      matches((actual as Readonly<Record<string, unknown>>)[name], value, `${at}/${name}`) // as: shown with members
  }
}

function patternOf(shown: string): RegExp {
  const time = /^\d{4}-.*Z$/
  if (time.test(shown)) return time
  const escaped = shown.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('…', '.+')}$`)
}
