import assert from 'node:assert/strict'
import querystring from 'node:querystring'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { parseJson } from '../../src/platform/lib/json.ts'
import type { OpenTask } from '../agent.ts'
import { decode } from '../signing.ts'
import { World } from '../world.ts'
import { JSON_READERS, orderBodies, type ReadOrder } from './json-readers.ts'
import { FORM_TYPE, formTexts } from './odd-forms.ts'
import { asAnotherParserReads, oddTargets } from './odd-targets.ts'

describe('what was decided on is what the API parses', () => {
  let world: World
  let task: OpenTask
  let token: string
  before(async () => {
    world = await World.start('sqlite')
    await world.trustEcho()
    task = await world.open()
    token = await world.agent.token(task, `${world.gateway}/echo`)
  })
  after(() => world.stop())

  it('for any target: refused, or read by another parser as exactly the decided arguments', async () => {
    let passed = 0
    await fc.assert(
      fc.asyncProperty(oddTargets, async (path) => {
        world.echo.forget()
        // HTTP clients send bytes; this is what they are for text beyond ASCII.
        const sent = Buffer.from(`/echo${path}`, 'utf8').toString('latin1')
        const answer = await world.agent
          .call(task, 'GET', sent, { token })
          // The client itself refuses what can be no target at all.
          .catch((error: unknown) => {
            assert.match(String(error), /unescaped|invalid/i)
            return undefined
          })
        const [seen] = world.echo.reached
        assert.ok(world.echo.reached.length <= 1)
        if (!seen) {
          assert.ok(!answer || answer.status >= 400, `${path}: ${answer?.status}`)
          return
        }
        passed++
        assert.equal(answer?.status, 200)
        const { tctx } = decode(String(seen.headers['txn-token'])).claims as { tctx: Tctx } // contract 4
        const { pathname, search } = new URL(seen.target, 'http://upstream')
        assert.equal(pathname + search, seen.target, 'nothing is left to be tidied up')
        assert.deepEqual(asAnotherParserReads(seen.target), tctx.arguments, seen.target)
      }),
      { numRuns: 400 },
    )
    assert.ok(passed > 100, `${passed} got through`)
  })

  it('for any body of an open object: refused, or read by Go, Java and .NET as exactly the decided arguments', async () => {
    let passed = 0
    await fc.assert(
      fc.asyncProperty(orderBodies, async (body) => {
        world.echo.forget()
        const answer = await world.agent.call(task, 'POST', '/echo/orders', { token, body })
        const [seen] = world.echo.reached
        if (!seen) {
          assert.ok(answer.status >= 400, `${body}: ${answer.status}`)
          return
        }
        passed++
        const { tctx } = decode(String(seen.headers['txn-token'])).claims as { tctx: Tctx } // contract 4
        const decided = asDecided(tctx.arguments)
        for (const [name, reader] of Object.entries(JSON_READERS))
          assert.deepEqual(reader(parseJson(seen.body)), decided, `${name}: ${seen.body}`)
      }),
      { numRuns: 300 },
    )
    assert.ok(passed > 50, `${passed} got through`)
  })

  it('for any form: refused, or read by another parser as exactly the decided arguments', async () => {
    let passed = 0
    await fc.assert(
      fc.asyncProperty(formTexts, async (body) => {
        world.echo.forget()
        const type = FORM_TYPE
        const answer = await world.agent.call(task, 'POST', '/echo/forms', { token, body, type })
        const [seen] = world.echo.reached
        if (!seen) {
          assert.ok(answer.status >= 400, `${body}: ${answer.status}`)
          return
        }
        passed++
        assert.equal(seen.headers['content-type'], type)
        const { tctx } = decode(String(seen.headers['txn-token'])).claims as { tctx: Tctx } // contract 4
        const read = new URLSearchParams(seen.body)
        const size = read.get('size')
        assert.deepEqual(
          {
            ...(read.has('name') ? { name: read.get('name') } : {}),
            ...(size === null ? {} : { size }),
            ...(read.has('tags') ? { tags: read.getAll('tags') } : {}),
          },
          tctx.arguments,
          seen.body,
        )
        const { name, tags } = querystring.parse(seen.body)
        assert.deepEqual([name, [tags ?? []].flat()], [read.get('name'), read.getAll('tags')])
        assert.equal(
          read.toString(),
          new URLSearchParams(body).toString(),
          'nothing is added or lost',
        )
      }),
      { numRuns: 300 },
    )
    assert.ok(passed > 30, `${passed} got through`)
  })

  it('a form where JSON is taken, and JSON where a form is, reach nobody', async () => {
    const form = FORM_TYPE
    for (const [path, type, body] of [
      ['/echo/things', form, 'name=a'],
      ['/echo/forms', 'application/json', '{"name":"a"}'],
      ['/echo/forms', `${form}; charset=iso-8859-1`, 'name=%E9'],
      ['/echo/forms', 'multipart/form-data; boundary=x', '--x--'],
    ] as const) {
      world.echo.forget()
      const answer = await world.agent.call(task, 'POST', path, { token, body, type })
      assert.deepEqual([answer.status, world.echo.reached.length], [415, 0], `${path} ${type}`)
    }
  })
})

/** The decided arguments in the form in which readers tell what they read. */
function asDecided(given: Tctx['arguments']): ReadOrder {
  const order = parseJson(JSON.stringify(given))
  return JSON_READERS.jackson?.(order) ?? {}
}

interface Tctx {
  readonly arguments: Readonly<Record<string, unknown>>
}
