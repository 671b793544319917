import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { manualClock } from '../../lib/clock.ts'
import { Problem } from '../../lib/problem.ts'
import { ClientAddresses } from './client-addresses.ts'
import { LineBudget, MAX_LINES } from './line-budget.ts'
import { StrangerLimits, type StrangerNotice } from './stranger-limits.ts'

/** Addresses behind a proxy that is believed. */
const addresses = new ClientAddresses(['127.0.0.1'])

function from(ip: string): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: '127.0.0.1' })
  const message = new IncomingMessage(socket)
  message.rawHeaders.push('X-Forwarded-For', ip)
  message.headers['x-forwarded-for'] = ip
  return message
}

const MISSING = new Problem('token.missing', 'there is none')

test('every refusal of a stranger is counted with its edge, reason and address, and too many are told so', () => {
  const clock = manualClock()
  const counted: StrangerNotice[] = []
  const limits = new StrangerLimits({
    ...{ addresses, perMinute: 2, monotonic: () => clock.monotonic() },
    count: (refused) => counted.push(refused),
  })
  const told = () => limits.judge(from('203.0.113.9'), MISSING, 'page').code
  assert.deepEqual([told(), told(), told()], ['token.missing', 'token.missing', 'request.too_many'])
  const one = { at: 'page', reason: 'token.missing', ip: '203.0.113.9' }
  assert.deepEqual(counted, [one, one, one])
  clock.advance(30_000)
  assert.equal(told(), 'token.missing', 'it refills')
})

test('nobody who is known, and no demand of the protocol, is counted or limited', () => {
  const counted: StrangerNotice[] = []
  const limits = new StrangerLimits({
    ...{ addresses, perMinute: 1, monotonic: () => 0 },
    count: (refused) => counted.push(refused),
  })
  for (const problem of [
    new Problem('person.not_permitted', 'somebody who is signed in'),
    new Problem('proof.nonce_required', 'once more'),
  ])
    for (let i = 0; i < 3; i++)
      assert.equal(limits.judge(from('203.0.113.9'), problem, 'page'), problem)
  assert.deepEqual(counted, [])
  assert.equal(limits.judge(from('203.0.113.9'), MISSING, 'page'), MISSING, 'there is room for it')
})

test('the log has so many lines about one address and about all, and says how many it left out', () => {
  const clock = manualClock()
  const budget = new LineBudget(addresses, () => clock.monotonic())
  const lines = (ip: string, count: number) =>
    Array.from({ length: count }, () => budget.take(from(ip))).filter((line) => line).length
  assert.equal(lines('203.0.113.9', MAX_LINES.perAddress + 5), MAX_LINES.perAddress)
  assert.deepEqual(budget.take(from('203.0.113.10')), { skipped: 5 })
  assert.deepEqual(budget.take(from('203.0.113.10')), { skipped: 0 })
  const left = MAX_LINES.total - MAX_LINES.perAddress - 2
  const others = Array.from({ length: MAX_LINES.total }, (_, i) => `198.51.100.${i % 250}`)
  assert.equal(others.filter((ip) => budget.take(from(ip))).length, left)
  clock.advance(60_000)
  assert.deepEqual(budget.take(from('203.0.113.9')), { skipped: MAX_LINES.total - left })
})
