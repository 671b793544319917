import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { INTROSPECTED_FOR_MS, Introspections } from './introspection.ts'

const BUSY = { code: 'issuer.unreachable', detail: /too many/ }

/** Server that answers when it is told to, and what came of the questions. */
function slowServer() {
  const clock = manualClock()
  const introspections = new Introspections(clock)
  let open: (() => void)[] = []
  const fetch = () =>
    new Promise<never>((resolve) => {
      const answer = {
        status: 200,
        headers: new Headers({ 'content-type': 'application/json' }),
        bytes: async () => Buffer.from('{"active":true}'),
      }
      open.push(() => resolve(answer as never)) // as: only what is read of an answer
    })
  const endpoint = () => ({ url: 'https://as.example/introspect', clientId: 'remit', secret: 's' })
  const ask = (token: string, from: string) =>
    introspections.ask(endpoint, { name: 'as', outbound: { fetch } }, { token, from })
  const answerAll = async () => {
    const waiting = open
    open = []
    for (const each of waiting) each()
    await new Promise(setImmediate)
  }
  return { answerAll, ask, clock, underWay: () => open.length }
}

test('W4: tokens that a stranger makes up leave room for those of others, and for those that held before', async () => {
  const { answerAll, ask, clock, underWay } = slowServer()
  const good = ask('good', '192.0.2.1')
  await answerAll()
  assert.ok(await good)
  const made: Promise<unknown>[] = []
  const busy = async (from: string) => {
    for (let i = 0; ; i++) {
      const before = underWay()
      const asked = ask(`${from} ${i}`, from)
      if (underWay() === before) return assert.rejects(asked, BUSY)
      made.push(asked)
    }
  }
  await busy('198.51.100.1')
  assert.equal(underWay(), 16, 'a third of those about new tokens')
  made.push(ask('new', '192.0.2.2'))
  for (let host = 2; host < 60; host++) await busy(`198.51.100.${host}`)
  assert.equal(underWay(), 48)
  clock.advance(INTROSPECTED_FOR_MS)
  const again = ask('good', '192.0.2.1')
  assert.equal(underWay(), 49, 'what held before is asked about beside them')
  await answerAll()
  assert.ok(await again)
  await Promise.all(made)
  made.push(ask('after', '198.51.100.1'))
  await answerAll()
  await Promise.all(made)
})
