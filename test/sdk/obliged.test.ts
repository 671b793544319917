import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { CallFailed, Denied, type Task } from 'remit-sdk'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { type Limit, removeLimit, setLimit, showLimits } from '../../src/tasks/budgets/index.ts'
import { until } from '../until.ts'
import { inOneWorld, type World } from '../world.ts'
import { FRAMEWORKS, type RawAnswer } from './shop.ts'
import { allOf, type KnownShop, letIn, sdkTask, shopDirect } from './shops.ts'

/** The rule that lets support use a shop says besides what it obliges to. */
async function oblige(w: World, { name }: KnownShop, annotation: string): Promise<void> {
  const set = await w.rooms.policies.active()
  const { text } = await w.rooms.policies.version(set.version)
  const id = `@id("support-${name}")`
  const at = text.indexOf(id)
  const plain =
    text.slice(0, at) + text.slice(at).replace(/^.*?permit/s, `${id} ${annotation} permit`)
  const { id: by } = await w.person('ada')
  await publishPolicies(w.rooms.policy, { text: plain, by, note: 'for tests' })
}

type Refusal = Denied | CallFailed

/** Expects the agent's SDK to fail a call that Remit, or the API in its name, refused. */
function failing(call: Promise<Response>): Promise<Refusal> {
  return call.then(
    async (answer) => assert.fail(`${answer.status} ${await answer.text()}`),
    (error: unknown) => {
      assert.ok(error instanceof Denied || error instanceof CallFailed, String(error))
      return error
    },
  )
}

const KEY = new Uint8Array(32).fill(7)
const ANSWER: RawAnswer = {
  status: 201,
  headers: {
    'content-type': 'application/json; profile="a@b.example"',
    etag: '"a@b.example"',
    link: '<https://x.example/a@b.example>; rel="self"',
    'x-plain': 'stays',
  },
  pieces: ['{"email":"a@b.example","id":7,"rows":[1.10,', '2,3],"n":1e2}'],
}

inOneWorld('what permits oblige an API to', (world) => {
  for (const framework of FRAMEWORKS)
    describe(`that uses ${framework}`, () => {
      let shop: KnownShop
      let task: Task

      before(async () => {
        shop = await shopDirect(world(), framework, { hashKey: KEY })
        await letIn(world(), [shop])
        task = await sdkTask(world(), { details: [allOf(shop)] })
      })

      const list = (init: RequestInit = {}) => task.fetch(`${shop.identifier}/items`, init)
      async function stateOf({ decisionId }: Refusal): Promise<unknown> {
        const { body } = await (await world().api('ada')).send('GET', `/decisions/${decisionId}`)
        return body.state
      }

      it('is done: nothing else of the answer is told, and all the rest stays as it was written', async () => {
        await oblige(world(), shop, '@redact("/email") @hash("/id") @cap("/rows 2")')
        for (const pieces of [ANSWER.pieces, [ANSWER.pieces.join('')]]) {
          shop.raw = { ...ANSWER, pieces }
          const answer = await list()
          const text = await answer.text()
          assert.equal(answer.status, 201)
          assert.match(
            text,
            /^\{"email":"\[redacted\]","id":"hmac-sha256:[\w-]{43}","rows":\[1\.10,2\],"n":1e2\}$/,
          )
          const headers = JSON.stringify([...answer.headers])
          assert.ok(!headers.includes('a@b.example'), headers)
          assert.equal(answer.headers.get('content-type'), 'application/json')
          assert.equal(answer.headers.get('x-plain'), 'stays')
        }
        shop.raw = undefined
        const plain = await list()
        assert.deepEqual(await plain.json(), { ok: true, action: `${shop.name}.list` })
      })

      it('cannot be done to this answer: it is withheld whole, and the call is on record', async () => {
        for (const raw of [
          { headers: { 'content-type': 'text/html' }, pieces: ['a@b.example'] },
          { headers: {}, pieces: ['a@b.example'] },
          { headers: { 'content-type': 'application/json' }, pieces: ['{"email":"a@b.example"'] },
          {
            headers: { 'content-type': 'application/json' },
            pieces: ['{"email":"a@b.example","rows":{}}'],
          },
          {
            headers: { 'content-type': 'application/json', 'content-encoding': 'x' },
            pieces: ['{"email":"a@b.example"}'],
          },
          {
            headers: { 'content-type': 'application/json' },
            pieces: ['{"email":"a@b.example","t":"', 'x'.repeat(1024 * 1024), '"}'],
          },
          {
            headers: { 'content-type': 'text/event-stream' },
            pieces: ['data: a@b.example\n\n'],
            open: true,
          },
        ]) {
          shop.raw = raw
          const before = shop.handled.length
          const failed = await failing(list())
          assert.deepEqual([failed.code, failed.status], ['obligation.failed', 502])
          assert.ok(!JSON.stringify(failed).includes('a@b.example'), failed.message)
          // An API in Node reports when its answer is out.
          await until(async () => (await stateOf(failed)) === 'answered' || undefined)
          assert.equal(shop.handled.length, before + 1)
        }
        shop.raw = { status: 204, headers: { etag: '"a@b.example"' }, pieces: [] }
        const none = await list()
        assert.deepEqual([none.status, none.headers.get('etag')], [204, null])
        shop.raw = undefined
      })

      it('cannot be done here, or for this caller: the handler does not run', async () => {
        const before = shop.handled.length
        const html = await failing(list({ headers: { accept: 'text/html' } }))
        assert.deepEqual([html.code, await stateOf(html)], ['obligation.unknown', 'decided'])
        await oblige(world(), shop, '@obligation("https://rules.example/log all")')
        assert.equal((await failing(list())).code, 'obligation.unknown')
        assert.equal(shop.handled.length, before)
      })

      it('says how much the call takes of limits on answers, as it came, also when it is told otherwise', async () => {
        const w = world()
        const subject = { kind: 'agent', id: 'refund-bot' } as const
        const action = `${shop.name}.list`
        const limit: Limit = {
          ...{ name: `rows of ${action}/rows`, kind: 'rows', action, path: '/rows' },
          ...{ most: '100', reserve: '10' },
        }
        const { id } = await setLimit(w.rooms.decisions, {
          ...{ subject, eachTask: false, limit, by: 'operator' },
        })
        let right = 0
        for (const [annotation, raw, takes] of [
          ['', ANSWER, 3],
          ['@cap("/rows 1")', ANSWER, 3],
          ['', { ...ANSWER, pieces: ['{"no":1}'] }, 10],
        ] as const) {
          await oblige(w, shop, annotation)
          shop.raw = raw
          const answer = await list()
          const text = await answer.text()
          assert.equal(text, annotation === '' ? raw.pieces.join('') : text)
          right += takes
          await reported(w, subject, String(right))
        }
        shop.raw = undefined
        await removeLimit(w.rooms.decisions, { id, by: 'operator' })
      })

      /** Reports follow the answer, where it was only read as it passed. */
      function reported(w: World, subject: { kind: 'agent'; id: string }, right: string) {
        return until(async () => {
          const [shown] = await showLimits(w.rooms.decisions, { subject, most: 5 })
          return shown?.use?.used === right || undefined
        })
      }
    })

  it('hashes nothing without a key, so the call does not run', async () => {
    const w = world()
    const shop = await shopDirect(w, 'web')
    await letIn(w, [shop])
    const task = await sdkTask(w, { details: [allOf(shop)] })
    await oblige(w, shop, '@hash("/id")')
    const { code } = await failing(task.fetch(`${shop.identifier}/items`))
    assert.equal(code, 'obligation.unknown')
    assert.equal(shop.handled.length, 0)
    await oblige(w, shop, '@redact("/id")')
    assert.equal((await task.fetch(`${shop.identifier}/items`)).status, 200)
  })
})
