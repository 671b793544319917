import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redactor } from '../../platform/lib/redaction/redactor.ts'
import type { RpcNotification } from '../../platform/net/index.ts'
import type { LogLevel } from '../mcp-sessions/index.ts'
import { logMessage, SessionLog } from './log-messages.ts'

const redactor = new Redactor([])
const said = (level: unknown, data = 'x'): RpcNotification => ({
  kind: 'notification',
  method: 'notifications/message',
  params: new Map([
    ['level', String(level)],
    ['data', data],
  ]),
})

test('a message is told from the wanted level on, in the order of RFC 5424', () => {
  const levels = 'debug info notice warning error critical alert emergency'.split(' ')
  const told = (wanted: LogLevel) =>
    levels.filter((level) => logMessage(said(level), wanted, redactor))
  assert.deepEqual(told('debug'), levels)
  assert.deepEqual(told('warning'), levels.slice(3))
  assert.deepEqual(told('emergency'), ['emergency'])
  for (const level of ['loud', '', 'ERROR', 'undefined'])
    assert.equal(logMessage(said(level), 'debug', redactor), undefined)
})

test('of a flood, no more wait than 100 while the level is looked up, and it is looked up once for all', async () => {
  const { promise, resolve } = Promise.withResolvers<LogLevel | undefined>()
  let asked = 0
  const told: unknown[] = []
  const log = new SessionLog(
    () => {
      asked++
      return promise
    },
    (message) => told.push(message.get('data')),
  )
  const hearing = Array.from({ length: 5_000 }, (_, i) => log.hear(said('error', `${i}`), redactor))
  resolve('info')
  await Promise.all(hearing)
  assert.equal(asked, 2)
  assert.deepEqual(
    told,
    Array.from({ length: 101 }, (_, i) => `${i}`),
  )
})

test('nothing is told without a level, nor when it is not known, and the next message is', async () => {
  const levels = [async () => undefined, () => Promise.reject(new Error('no store'))]
  const told: unknown[] = []
  const log = new SessionLog(
    async () => levels.shift()?.() ?? 'debug',
    (message) => told.push(message.get('data')),
  )
  for (const data of ['none', 'broken', 'told']) await log.hear(said('error', data), redactor)
  assert.deepEqual(told, ['told'])
})
