import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { neighbouringPorts } from '../../../test/ports.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { openStorage } from '../../platform/storage/index.ts'
import { hasKeptState, startDevelopment } from './start.ts'

function directoryOf(t: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), 'remit-dev-'))
  t.after(() => rmSync(parent, { recursive: true }))
  return join(parent, 'data')
}

const started = (data: string, options: { reset?: boolean; port: number }) =>
  startDevelopment({ reset: false, ...options, environment: { REMIT_DATA: data } })

async function takePort(t: TestContext, port: number): Promise<void> {
  const server = createServer()
  t.after(() => server.close())
  await once(server.listen(port, '127.0.0.1'), 'listening')
}

test('--reset does not touch a directory that a running Remit works in', async (t) => {
  const data = directoryOf(t)
  const running = await openStorage({ kind: 'sqlite', directory: data, migrate: true })
  t.after(() => running.close())
  writeFileSync(join(data, 'dev.json'), '{"port":7480,"secret":"kept"}\n')
  writeFileSync(join(data, 'master.key'), 'kept\n')
  await assert.rejects(started(data, { reset: true, port: 8480 }), { code: 'storage.locked' })
  assert.equal(readFileSync(join(data, 'master.key'), 'utf8'), 'kept\n')
  assert.match(readFileSync(join(data, 'dev.json'), 'utf8'), /7480/)
  const tables = await running.read.selectFrom('signing_keys').selectAll().execute()
  assert.deepEqual(tables, [], 'the database can still be read')
})

test('--reset refuses a directory that holds something else', async (t) => {
  const data = directoryOf(t)
  await (await openStorage({ kind: 'sqlite', directory: data, migrate: true })).close()
  await assert.rejects(started(data, { reset: true, port: 8480 }), { code: 'dev.not_ours' })
  assert.ok(existsSync(join(data, 'remit.db')))
})

test('a start that fails for a taken port names it, and claims nothing', async (t) => {
  const data = directoryOf(t)
  // The issuer's, and four ports further that of the desk: the one in the middle is taken, its neighbours are free.
  const port = (await neighbouringPorts(13)) + 4
  await takePort(t, port)
  for (const first of [port, port - 4])
    await assert.rejects(
      started(data, { port: first }),
      (error) =>
        error instanceof Problem &&
        error.code === 'server.port_in_use' &&
        error.detail.includes(`port ${port} `),
      `from ${first}`,
    )
  assert.equal(hasKeptState(data), false)
})

test('without the packages of the samples it says what to install, and claims nothing', async (t) => {
  const data = directoryOf(t)
  const withoutThem = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) { return next(name === 'oidc-provider' ? 'no-such-package' : name, context) } })`
  const before = process.env.NODE_OPTIONS
  process.env.NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(withoutThem)}`
  t.after(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS
    else process.env.NODE_OPTIONS = before
  })
  await assert.rejects(started(data, { port: await neighbouringPorts(9) }), {
    code: 'dev.samples_missing',
    message: /Cannot find package 'no-such-package'/,
  })
  assert.equal(hasKeptState(data), false)
})
