import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { before, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Client as NextClient } from '@modelcontextprotocol/client'
import { StdioClientTransport as NextStdio } from '@modelcontextprotocol/client/stdio'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { Detail } from 'remit-sdk'
import { wordsOf } from '../../../../test/mcp/place.ts'
import { freePorts } from '../../../../test/ports.ts'
import { addRules, alsoAllow, approve } from '../../../../test/sdk/shops.ts'
import { until } from '../../../../test/until.ts'
import { inOneWorld, type World } from '../../../../test/world.ts'
import { listForTask } from '../../../approvals/access-requests/index.ts'
import { setRisk } from '../../../catalog/catalog-changes/index.ts'
import { listTasks } from '../../../tasks/tasks/index.ts'
import { begin, call, type LocalMode, localServer, post } from '../../mcp-stdio/testing.ts'
import { run } from '../run.ts'
import { type Owner, signedIn, sink, type TestCli } from '../testing.ts'
import type { World as CliWorld } from '../world.ts'

const who = { name: 'test', version: '1' }
const MAIN = join(import.meta.dirname, '..', '..', '..', 'main.ts')

/** Runs `remit mcp wrap` until it is told to stop; answers when it serves, or has ended. */
async function wrap(cli: TestCli, args: readonly string[], change: Partial<CliWorld> = {}) {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  let said = ''
  let exit: number | undefined
  const { promise: serving, resolve: serves } = Promise.withResolvers<void>()
  const world = {
    ...cli.world,
    untilStopped: () => stopped,
    wait: async (ms: number) => void (await setTimeout(Math.min(ms, 1))),
    talk: sink((text) => {
      said += text
      if (/is behind Remit/.test(text)) serves()
      cli.world.talk.write(text)
    }),
    ...change,
  }
  const ended = run(['mcp', 'wrap', ...args], world).then((code) => {
    exit = code
    return code
  })
  await Promise.race([serving, ended])
  return {
    said: () => said,
    exit: () => exit,
    async stop() {
      stop()
      return ended
    },
  }
}

/** Lets refund-bot use everything of a server for Sam; finance is asked about some of it. */
async function letIn(w: World, name: string, asks: readonly string[] = []): Promise<void> {
  const { id: by } = await w.person('ada')
  const identifier = `${w.gateway}/${name}`
  const ada = await w.api('ada')
  const answer = await fetch(`${w.issuer}/api/v1/resources/${name}`, {
    headers: { authorization: `Bearer ${ada.token}` },
  })
  const { actions } = (await answer.json()) as { actions: { name: string }[] } // the API's answer
  for (const { name: action } of actions)
    await setRisk(w.rooms.connections, { action, risk: 'low', by })
  await addRules(
    w,
    [
      `@id("people-${name}") permit (principal in Group::"support", action, resource == Resource::"${name}");`,
      `@id("agents-${name}") permit (principal is Agent, action, resource == Resource::"${name}");`,
      ...asks.map(
        (action) =>
          `@id("${name}-${action}") @requestable("") @approvers("group:finance") @lifetime("PT1H") forbid (principal is Person, action == Action::"${name}.${action}", resource);`,
      ),
    ].join('\n'),
  )
  const detail: Detail = {
    type: 'remit_call',
    locations: [identifier],
    actions: actions.map((each) => each.name),
    bounds: [],
  }
  await alsoAllow(w, [detail])
}

/** Owner of what ends with the world. */
function owner(w: World): Owner {
  return { after: (end) => w.onStop(async () => void (await (end as () => unknown)())) } // as: the ones of `testing.ts` take nothing
}

inOneWorld('MCP over standard streams', (world) => {
  let cli: TestCli
  const wraps: Awaited<ReturnType<typeof wrap>>[] = []
  const stored = async (name: string) => {
    const directory = join(cli.home, '.local', 'state', 'remit', 'mcp')
    const file = (await readdir(directory)).find((each) => each.startsWith(`${name}-`)) ?? ''
    return JSON.parse(await readFile(join(directory, file), 'utf8'))
  }
  const local = async (name: string, mode: LocalMode, ...options: readonly string[]) => {
    const one = await wrap(cli, [name, ...options, '--', ...localServer(mode)])
    wraps.push(one)
    assert.match(one.said(), /is behind Remit/)
    return one
  }
  /** Command that a client starts. */
  const connecting = async (name: string) => {
    const w = world()
    const key = join(cli.home, 'refund-bot.jwk')
    await writeFile(key, JSON.stringify(w.agent.key.privateJwk), { mode: 0o600 })
    const token = join(cli.home, `${crypto.randomUUID()}.jwt`)
    await writeFile(token, await w.idToken('sam'))
    const person = ['--subject-token', token, '--purpose', 'use what is here']
    const agent = ['--agent', 'refund-bot', '--key', key]
    const args = [MAIN, '--url', w.issuer, 'mcp', 'connect', `${w.gateway}/${name}`]
    const env = { HOME: cli.home, PATH: process.env.PATH ?? '' }
    return {
      command: process.execPath,
      args: [...args, ...agent, ...person],
      env,
      stderr: 'inherit' as const,
    }
  }
  const lastTask = async () => {
    const [task] = await listTasks(world().rooms.storage.read, { agentId: 'refund-bot', limit: 1 })
    return task
  }

  before(async () => {
    const w = world()
    cli = await signedIn(owner(w), w)
    w.onStop(async () => {
      for (const each of wraps) await each.stop()
    })
  })

  it('a local server is put behind Remit, and a client on standard streams uses it there, in one task', async () => {
    const w = world()
    await local('local', 'sessions')
    await letIn(w, 'local')
    const client = new Client(who)
    // The SDK's own types disagree under exactOptionalPropertyTypes.
    await client.connect(
      new StdioClientTransport(await connecting('local')) as Parameters<Client['connect']>[0],
    )
    assert.equal(client.getServerVersion()?.name, 'local')
    const { tools } = await client.listTools()
    assert.ok(tools.some(({ name }) => name === 'count'))
    assert.match(wordsOf(await client.callTool({ name: 'count' })), /^1 of/)
    assert.match(wordsOf(await client.callTool({ name: 'count' })), /^2 of/)
    const task = await lastTask()
    assert.deepEqual([task?.state, task?.purpose], ['open', 'use what is here'])
    await client.close()
    await until(async () => (await lastTask())?.state === 'closed' || undefined)
  })

  for (const mode of ['legacy', 'auto'] as const)
    it(`a server of 2026-07-28 is used by the next official client, ${mode}; people approve`, async () => {
      const w = world()
      const name = `modern-${mode}`
      await local(name, 'modern')
      await letIn(w, name, ['raw'])
      const client = new NextClient(who, {
        capabilities: { elicitation: { form: {}, url: {} } },
        versionNegotiation: { mode },
      })
      const pages: string[] = []
      client.setRequestHandler('elicitation/create', async ({ params }) => {
        const page = 'url' in params ? params.url : ''
        pages.push(page)
        await approve(w, page)
        return { action: 'accept' as const }
      })
      await client.connect(new NextStdio(await connecting(name)))
      assert.match(wordsOf(await client.callTool({ name: 'count' })), /^1 of/)
      const held = client.callTool({ name: 'raw', arguments: { n: 1.5 } })
      if (mode === 'legacy') {
        const { id: taskId = '' } = (await lastTask()) ?? {}
        const request = await until(async () => {
          const requests = await listForTask(w.rooms.decisions, taskId)
          return requests.find(({ state }) => state === 'pending')?.id
        })
        await approve(w, `${w.issuer}/approvals/${request}`)
      }
      assert.match(wordsOf(await held), /"n":1\.5/)
      assert.equal(pages.length, mode === 'legacy' ? 0 : 1)
      await client.close()
    })

  it('comes back at the same place, signed in or not; another credential only when it is asked for', async () => {
    const first = await local('again', 'sessions')
    const before = await stored('again')
    assert.equal(await first.stop(), 0)
    const second = await local('again', 'sessions')
    assert.match(second.said(), /again: as it was/)
    await second.stop()
    const third = await wrap(cli, ['again', '--', ...localServer()], {
      environment: { ...cli.world.environment, XDG_CONFIG_HOME: join(cli.home, 'nothing') },
    })
    assert.match(third.said(), /not signed in/)
    await third.stop()
    assert.deepEqual(await stored('again'), before)
    const busy = createServer().listen(before.port, '127.0.0.1')
    const refused = await wrap(cli, ['again', '--', ...localServer()])
    assert.equal(refused.exit(), 1)
    assert.match(refused.said(), /may have told it the credential/)
    const [port = 0] = await freePorts(1)
    const moved = await local('again', 'sessions', '--port', String(port))
    await moved.stop()
    const { json } = await cli.remit('resources', 'show', 'again', '--json')
    assert.deepEqual(
      [json.upstream, json.connection],
      [`http://127.0.0.1:${port}/mcp`, before.connection],
    )
    const renewed = await local('again', 'sessions', '--renew')
    await renewed.stop()
    busy.close()
    const now = await stored('again')
    assert.notEqual(now.secret, before.secret)
    assert.notEqual(now.port, before.port)
    for (const { said } of [first, second, third, renewed])
      for (const { secret } of [before, now]) assert.ok(!said().includes(secret))
  })

  it('takes no name that is in use, and no value in the command line', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['orders', '--', 'true'], /orders is in the catalog already/],
      [['../x', '--', 'true'], /is no name/],
      [['new-one', '--env', 'TOKEN=secret', '--', 'true'], /can be read by everyone/],
      [['new-one', '--env', 'NOT_SET', '--', 'true'], /is not set/],
      [['new-one', '--', '/nowhere/server'], /cannot be run/],
      [['new-one', '--', process.execPath, '-e', '0'], /MCP server/],
    ]
    for (const [args, says] of cases) {
      const ran = await wrap(cli, args)
      assert.ok((ran.exit() ?? 0) > 0, args.join(' '))
      assert.match(ran.said(), says)
    }
    const after = await cli.remit('connections', 'list', '--json')
    assert.ok(!/new-one/.test(after.out), 'nothing is left of it')
  })

  it('what the server says is shown as its words, without what it was given', async () => {
    const environment = { ...cli.world.environment, TOKEN: 'a-secret-of-the-server' }
    const arguments_ = ['teller', '--env', 'TOKEN', '--', ...localServer()]
    const one = await wrap(cli, arguments_, { environment })
    wraps.push(one)
    const { port, secret } = await stored('teller')
    const url = `http://127.0.0.1:${port}/mcp`
    const session = { ...(await begin(url, secret)), authorization: `Bearer ${secret}` }
    await (await post(url, call('tell'), session)).text()
    await until(async () => one.said().includes('the token is') || undefined)
    assert.match(one.said(), /teller says: the token is \*\*\*/)
    await (await post(url, call('noise', 2), session)).text()
    await until(async () => /not JSON/.test(one.said()) || undefined)
    assert.ok(!one.said().includes('\u001b[2J'))
    assert.ok(one.said().split('\n').length < 200)
  })

  it('prints what goes into the configuration of a client, with nothing secret in it', async () => {
    const w = world()
    const { args } = await connecting('local')
    const ran = await cli.remit(...args.slice(3), '--print-config')
    assert.equal(ran.exit, 0, ran.said)
    const { mcpServers } = JSON.parse(ran.out)
    assert.equal(mcpServers.local.command, process.execPath)
    assert.ok(mcpServers.local.args.includes(join(cli.home, 'refund-bot.jwk')))
    assert.deepEqual(mcpServers.local.args.slice(0, 6), [
      MAIN,
      '--url',
      w.issuer,
      ...args.slice(3, 6),
    ])
    assert.ok(!ran.out.includes(String(w.agent.key.privateJwk.d)))
  })

  it('standard output has messages and nothing else, whatever goes wrong', async () => {
    const { args } = await connecting('local')
    for (const wrong of [['--sign-in'], ['--details', '{']]) {
      const ran = await cli.remit(...args.slice(3), ...wrong)
      assert.ok(ran.exit > 0)
      assert.equal(ran.out, '')
    }
    const none = await cli.remit('mcp', 'connect', 'nowhere', '--agent', 'refund-bot')
    assert.ok(none.exit > 0)
    assert.equal(none.out, '')
  })
})
