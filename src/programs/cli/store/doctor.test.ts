import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeServer, sink, testCli } from '../testing.ts'
import { tellDiagnosis } from './doctor.ts'

test('a server is examined from outside; the exit code says whether something is wrong', async (t) => {
  let named: string | undefined
  const origin = await fakeServer(t, (request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(request.url === '/readyz' ? {} : { issuer: named ?? origin }))
  })
  const look = async (options: { json?: boolean; strict?: boolean }) => {
    let out = ''
    const { world } = await testCli(t, {}, { output: sink((text) => (out += text)) })
    const exit = await tellDiagnosis(world, origin, options).then(
      () => 0,
      (error: { exit: number }) => error.exit,
    )
    return { exit, out }
  }
  const good = await look({ json: true, strict: true })
  const report = JSON.parse(good.out)
  assert.deepEqual([good.exit, report.format, report.issuer], [0, 1, origin])
  assert.deepEqual(report.summary, { ok: 2, warning: 0, error: 0, not_applicable: 1, unknown: 0 })
  named = 'https://other.example'
  const bad = await look({})
  assert.equal(bad.exit, 1)
  assert.match(
    bad.out,
    /✗ error +metadata +The server at .* calls itself "https:\/\/other\.example"/,
  )
})

test('settings that contradict each other, or cannot be read: 2, and each is named', async (t) => {
  const { world } = await testCli(t, {
    REMIT_ISSUER: 'http://remit.example',
    REMIT_LISTEN: '0.0.0.0:7480',
    REMIT_MASTER: 'x',
  })
  const refused = (error: { exit: number; code: string; detail: string }) => {
    assert.deepEqual([error.exit, error.code], [2, 'config.invalid'])
    assert.match(error.detail, /REMIT_MASTER is not a setting; REMIT_ISSUER has to be https/)
    return true
  }
  await assert.rejects(tellDiagnosis(world, undefined, {}), refused)
  await assert.rejects(tellDiagnosis(world, 'https://remit.example/path', {}), { exit: 2 })
})
