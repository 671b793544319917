import assert from 'node:assert/strict'
import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { manualClock } from '../../../platform/lib/clock.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { newTaskKey } from '../agent/proof.ts'
import { Cli } from '../cli.ts'
import { StoredSessions } from '../server/sessions.ts'
import { fakeServer, type Owner, testCli } from '../testing.ts'
import { readAskedDetails } from './asked.ts'
import { callCommand } from './call.ts'
import { KeptTasks, type TaskWork } from './kept-tasks.ts'
import { representedPerson } from './represented.ts'
import { type CallTarget, findTarget, metadataAddress, parseTarget } from './target.ts'
import { throughPeople } from './through-people.ts'

test('where a call goes: an API by name, or a whole URL at a gateway', () => {
  assert.deepEqual(parseTarget('orders/orders/1042?full=true'), {
    name: 'orders',
    rest: '/orders/1042?full=true',
  })
  assert.deepEqual(parseTarget('/orders/x'), { name: 'orders', rest: '/x' })
  assert.deepEqual(parseTarget('orders'), { name: 'orders', rest: '' })
  assert.deepEqual(parseTarget('https://gw.example/orders/x'), {
    name: 'orders',
    rest: '/x',
    origin: 'https://gw.example',
  })
  for (const wrong of [
    '',
    '/',
    'Orders/x',
    'orders#x',
    'https://gw.example',
    'ftp://gw.example/orders',
    '../x',
  ]) {
    assert.throws(() => parseTarget(wrong), { exit: 2 }, wrong)
  }
})

test('an API whose tokens come from another server is refused before anything is sent to it', async (t) => {
  const gateway = await fakeServer(t, (request, reply) => {
    reply.setHeader('content-type', 'application/json')
    reply.end(
      JSON.stringify({
        resource: `http://${request.headers.host}/orders`,
        authorization_servers: ['https://other.example'],
        scopes_supported: ['orders.read'],
      }),
    )
  })
  const { world } = await testCli(t, { REMIT_GATEWAY: gateway })
  const cli = await Cli.start(world, { url: 'http://127.0.0.1:1' })
  await assert.rejects(findTarget(cli, 'orders/x'), /from another server/)
})

test('a session that the server no longer knows keeps nobody from signing in for an agent', async (t) => {
  const url = await fakeServer(t, (_, reply) => {
    reply.writeHead(401, { 'content-type': 'application/problem+json' })
    reply.end(JSON.stringify({ title: 'Sign in first', code: 'session.required', status: 401 }))
  })
  const { world } = await testCli(t)
  const expiresAt = new Date(world.clock.now() + 3_600_000).toISOString()
  await new StoredSessions(world).keep({ url, token: new Secret('of another time'), expiresAt })
  const cli = await Cli.start(world, { url })
  const provider = 'http://127.0.0.1:1'
  const { label } = await representedPerson(cli, 'refund-bot', { person: 'sam', provider })
  assert.equal(label, 'sam')
})

test('metadata of an API is looked for where RFC 9728 says; who does not answer there is named', async (t) => {
  for (const [identifier, address] of [
    ['https://shop.example', 'https://shop.example/.well-known/oauth-protected-resource'],
    ['https://shop.example/api', 'https://shop.example/.well-known/oauth-protected-resource/api'],
  ] as const)
    assert.equal(metadataAddress(identifier), address)
  const { world } = await testCli(t, { REMIT_GATEWAY: 'http://127.0.0.1:1' })
  const cli = await Cli.start(world, { url: 'http://127.0.0.1:2' })
  await assert.rejects(findTarget(cli, 'orders/x'), {
    message: 'The API cannot be reached',
    detail: /from http:\/\/127\.0\.0\.1:1\/\.well-known\/oauth-protected-resource\/orders/,
  })
})

test('a scope is one word: what follows it is the method', async () => {
  const call = callCommand(async () => assert.fail('it is parsed only'))
  let parsed: { readonly args: readonly string[]; readonly scope: unknown } | undefined
  call.action((method: string, path: string, { scope }: { scope?: unknown }) => {
    parsed = { args: [method, path], scope }
  })
  await call.parseAsync(['--scope', 'orders.read', '--scope', 'a.b', 'GET', 'orders/x'], {
    from: 'user',
  })
  assert.deepEqual(parsed, { args: ['GET', 'orders/x'], scope: ['orders.read', 'a.b'] })
})

const TARGET: CallTarget = {
  identifier: 'https://gw.example/orders',
  url: 'https://gw.example/orders/x',
  actions: Array.from({ length: 70 }, (_, i) => `orders.a${i}`),
}

test('without details nothing is asked for but this very call', async (t) => {
  const { world } = await testCli(t)
  const target = { ...TARGET, url: `${TARGET.identifier}/orders/1042?full=true` }
  const asked = await readAskedDetails(world, {}, target, 'GET')
  assert.deepEqual(asked, {
    said: false,
    request: 'GET:/orders/1042',
    details: [
      {
        type: 'remit_call',
        locations: [TARGET.identifier],
        actions: ['GET:/orders/1042'],
        bounds: [],
      },
    ],
  })
})

test('with --all everything is asked for that the API offers, in lists as long as they may be', async (t) => {
  const { world } = await testCli(t)
  const asked = await readAskedDetails(world, { all: true }, TARGET, 'GET')
  assert.equal(asked.said, true)
  await assert.rejects(readAskedDetails(world, { all: true, scope: ['a'] }, TARGET, 'GET'), {
    exit: 2,
  })
  assert.deepEqual(
    asked.details?.map((detail) => ('actions' in detail ? (detail.actions as string[]).length : 0)), // as: written two lines above
    [64, 6],
  )
})

test('details may leave out what the call says, and nothing else is added', async (t) => {
  const { home, world } = await testCli(t)
  const bounds = [{ path: '/order_id', op: 'eq', value: '1042' }]
  await writeFile(join(home, 'd.json'), JSON.stringify({ actions: ['orders.read'], bounds }))
  const expected = [
    { type: 'remit_call', locations: [TARGET.identifier], actions: ['orders.read'], bounds },
  ]
  assert.deepEqual(
    (await readAskedDetails(world, { details: '@d.json' }, TARGET, 'GET')).details,
    expected,
  )
  const asked = await readAskedDetails(
    world,
    { details: JSON.stringify(expected), scope: ['a', 'b'] },
    TARGET,
    'GET',
  )
  assert.deepEqual(asked, { said: true, details: expected, scope: 'a b' })
  for (const wrong of ['{', '[1]', 'null']) {
    await assert.rejects(readAskedDetails(world, { details: wrong }, TARGET, 'GET'), { exit: 2 })
  }
})

const WORK: TaskWork = { url: 'https://r.example', agent: 'bot', person: 'sam', purpose: 'look' }
const HERE = 'https://gw.example/orders'

async function keeping(owner: Owner) {
  const clock = manualClock()
  const cli = await testCli(owner, {}, { clock })
  const tasks = new KeptTasks(cli.world)
  const open = async (id: string, minutes: number) => ({
    id,
    issuer: WORK.url,
    token: 't',
    key: await newTaskKey(),
    expiresAt: clock.now() + minutes * 60_000,
    details: [{ locations: [HERE], actions: ['orders.read'] }],
  })
  return { ...cli, clock, tasks, open, folder: join(cli.home, '.local/state/remit/tasks') }
}

test('the next call of the same work finds its task, with its key, readable by its owner only', async (t) => {
  const { folder, open, tasks } = await keeping(t)
  await tasks.keep(WORK, await open('tsk_1', 60), { said: false })
  const [found] = await tasks.find(WORK, HERE, { said: false })
  assert.equal(found?.task.id, 'tsk_1')
  assert.ok(found?.task.key.privateJwk.d)
  for (const name of await readdir(folder)) {
    assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600)
  }
  await chmod(join(folder, 'tsk_1.json'), 0o644)
  await assert.rejects(tasks.find(WORK, HERE, { said: false }), /Others can read/)
})

test('a task of other work is not used: another person, purpose, agent, server, API, or other details', async (t) => {
  const { open, tasks } = await keeping(t)
  await tasks.keep(WORK, await open('tsk_1', 60), { said: false })
  for (const change of [
    { person: 'ada' },
    { purpose: 'x' },
    { agent: 'x' },
    { url: 'https://x.example' },
  ]) {
    assert.deepEqual(await tasks.find({ ...WORK, ...change }, HERE, { said: false }), [])
  }
  assert.deepEqual(await tasks.find(WORK, 'https://gw.example/other', { said: false }), [])
  const said = { said: true, details: [{ actions: ['orders.read'] }] }
  assert.deepEqual(await tasks.find(WORK, HERE, said), [])
  await tasks.keep(WORK, await open('tsk_2', 30), said)
  assert.equal((await tasks.find(WORK, HERE, said))[0]?.task.id, 'tsk_2')
})

test('of several tasks of one work the one for the same request comes first, then one for the same method', async (t) => {
  const { open, tasks } = await keeping(t)
  const asked = (request: string) => ({ said: false, request })
  await tasks.keep(WORK, await open('tsk_1', 60), asked('POST:/refunds'))
  await tasks.keep(WORK, await open('tsk_2', 50), asked('GET:/orders/1'))
  await tasks.keep(WORK, await open('tsk_3', 40), asked('GET:/orders/2'))
  const order = async (request: string) =>
    (await tasks.find(WORK, HERE, asked(request))).map(({ task }) => task.id)
  assert.deepEqual(await order('GET:/orders/2'), ['tsk_3', 'tsk_2', 'tsk_1'])
  assert.deepEqual(await order('POST:/refunds'), ['tsk_1', 'tsk_2', 'tsk_3'])
})

test('a task whose time is over is not found, and its key is gone from the disk', async (t) => {
  const { clock, folder, open, tasks } = await keeping(t)
  await tasks.keep(WORK, await open('tsk_1', 1), { said: false })
  clock.advance(60_000)
  assert.deepEqual(await tasks.find(WORK, HERE, { said: false }), [])
  assert.deepEqual(await readdir(folder), [])
})

test('a call that a person approved with changes is not sent again: its agent has to change it', async (t) => {
  const changes = [{ path: '/amount', from: '700.00', to: '300' }]
  const access_request = { id: `req_${'A'.repeat(22)}` }
  const problem = (code: string) => ({ type: 'x', title: 'T', status: 403, detail: 'd', code })
  let code = 'approval.edited'
  let calls = 0
  const server = await fakeServer(t, ({ url = '' }, reply) => {
    const json = (body: object, status = 200) =>
      reply.writeHead(status, { 'remit-answer': 'own' }).end(JSON.stringify(body))
    if (url.startsWith('/oauth')) return json({ access_token: 't', expires_in: 60 })
    if (url.includes('/requests/')) {
      const expires_at = '2026-11-30T09:00:00Z'
      return json({
        ...access_request,
        state: 'denied',
        text: 'x',
        expires_at,
        edited: { changes },
      })
    }
    calls += 1
    return json({ ...problem(code), access_request, changes }, 403)
  })
  const { world } = await testCli(t)
  const cli = await Cli.start(world, { url: server })
  const task = { id: 'tsk_1', issuer: server, token: 't', key: await newTaskKey() }
  const call = { method: 'POST', url: `${server}/x`, resource: server, body: undefined }
  const through = () =>
    throughPeople(cli, { ...task, expiresAt: 0, details: [] }, call, { wait: true })
  const answer = await through()
  assert.ok(answer !== 'not covered' && answer.problem?.code === 'approval.edited')
  assert.equal(calls, 1)
  code = 'approval.required'
  await assert.rejects(through(), {
    code: 'approval.edited',
    detail: 'amount 300 instead of 700.00',
  })
  assert.equal(calls, 2)
})
