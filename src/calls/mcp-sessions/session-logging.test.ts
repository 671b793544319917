import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findLogging, forgetLogging, quietLogging, setLogging } from './session-logging.ts'

forEachEngine('log messages that a session wants', (open) => {
  test('are those from the level on that was set last, until its task ends', async () => {
    const storage = await open()
    const find = (session: string) => findLogging(storage.read, session)
    assert.equal(await find('a'), undefined)
    for (const level of ['info', 'info', 'debug'] as const)
      await setLogging(storage, { session: 'a', level, expiresAt: 1_000 })
    await setLogging(storage, { session: 'b', level: 'error', expiresAt: 2_000 })
    assert.deepEqual(await find('a'), { level: 'debug', quiet: false })
    await forgetLogging(storage, 1_000)
    assert.ok(await find('a'), 'not before its time')
    await forgetLogging(storage, 1_001)
    assert.equal(await find('a'), undefined)
    assert.deepEqual(await find('b'), { level: 'error', quiet: false })
  })

  test('what is quiet stays quiet, whatever level is set, and other sessions are not', async () => {
    const storage = await open()
    const set = (session: string, level: 'alert' | 'debug') =>
      setLogging(storage, { session, level, expiresAt: 1_000 })
    await set('a', 'debug')
    await set('b', 'debug')
    await quietLogging(storage, 'a')
    await set('a', 'alert')
    assert.deepEqual(await findLogging(storage.read, 'a'), { level: 'alert', quiet: true })
    assert.deepEqual(await findLogging(storage.read, 'b'), { level: 'debug', quiet: false })
  })
})
