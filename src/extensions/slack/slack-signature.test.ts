import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { Secret } from '../../platform/lib/secret.ts'
import { checkSignature, readSignature } from './slack-signature.ts'

const NOW = 1_700_000_000_000
const VALUE = `v0=${'0123456789abcdef'.repeat(4)}`
const BAD = { code: 'chat.bad_signature' }

/** A delivery with these headers. */
function delivery(...rawHeaders: string[]): IncomingMessage {
  const message = { rawHeaders } satisfies Partial<IncomingMessage>
  return message as unknown as IncomingMessage // as: all that is read of it
}

function signed(timestamp: string, value = VALUE): IncomingMessage {
  return delivery('X-Slack-Request-Timestamp', timestamp, 'X-Slack-Signature', value)
}

test('a signature is read with its time', () => {
  assert.deepEqual(readSignature(signed('1700000000'), NOW), {
    ...{ timestamp: '1700000000', value: VALUE },
  })
})

test('a delivery may be five minutes old, or ahead, and no more', () => {
  for (const seconds of [-300, 300])
    assert.ok(readSignature(signed(String(NOW / 1000 + seconds)), NOW))
  for (const seconds of [-301, 301])
    assert.throws(() => readSignature(signed(String(NOW / 1000 + seconds)), NOW), BAD)
  assert.throws(() => readSignature(signed('1700000000'), NOW + 300_001), BAD)
})

test('a time that is no number of seconds is refused', () => {
  for (const bad of ['', '-1', '1e9', '1700000000.0', ' 1700000000', '1700000000 ', '1'.repeat(13)])
    assert.throws(() => readSignature(signed(bad), NOW), BAD, bad)
  const now = Number('1'.repeat(12)) * 1000
  assert.ok(readSignature(signed('1'.repeat(12)), now))
  assert.throws(() => readSignature(signed('x1700000000'), NOW), BAD)
})

test('a value that is no signature of Slack is refused', () => {
  for (const bad of ['', VALUE.slice(1), VALUE.slice(0, -1), `${VALUE}0`, ` ${VALUE}`, `x${VALUE}`])
    assert.throws(() => readSignature(signed('1700000000', bad), NOW), BAD, bad)
  assert.throws(() => readSignature(signed('1700000000', VALUE.toUpperCase()), NOW), BAD)
})

test('a header that is missing, or comes twice, is refused', () => {
  const time = ['X-Slack-Request-Timestamp', '1700000000']
  const value = ['X-Slack-Signature', VALUE]
  for (const headers of [
    [],
    time,
    value,
    [...time, ...value, ...value],
    [...time, ...time, ...value],
    [...time, ...time, ...value, ...value],
  ])
    assert.throws(() => readSignature(delivery(...headers), NOW), BAD)
})

test('a signature is over the version, the time and the bytes that came', () => {
  const secret = new Secret('shhh')
  const body = Buffer.from('payload=%7B%7D')
  const of = (text: string) => `v0=${createHmac('sha256', 'shhh').update(text).digest('hex')}`
  const [timestamp, value] = ['1700000000', of('v0:1700000000:payload=%7B%7D')]
  checkSignature(secret, { timestamp, value }, body)
  for (const wrong of [
    { timestamp: '1700000001', value },
    { timestamp, value: VALUE },
    { timestamp, value: of('v0:1700000000:') },
    { timestamp, value: value.slice(3) },
  ])
    assert.throws(() => checkSignature(secret, wrong, body), BAD)
  assert.throws(() => checkSignature(secret, { timestamp, value }, Buffer.from('payload=x')), BAD)
  assert.throws(() => checkSignature(new Secret('other'), { timestamp, value }, body), BAD)
})
