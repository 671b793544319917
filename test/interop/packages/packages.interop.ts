import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { CHECKS } from '../../../src/programs/doctor/examine.ts'
import { followFirstHour } from '../../first-hour/reader.ts'
import { Terminal } from '../../first-hour/terminal.ts'
import { neighbouringPorts } from '../../ports.ts'
import { until } from '../../until.ts'

const { REMIT_INTEROP_INSTALLED: home = '', REMIT_INTEROP_PACKAGES: built = '' } = process.env
const MODULES = join(home, 'node_modules')
const { REMIT_INTEROP_SERVER: server = '' } = process.env
const MIB = 1024 * 1024
/** Pages, but for records of decisions, which comments name, and recipes, which those of Kysely name. */
const PAGE = /\bdocs\/(?!decisions\/|recipes\/)[a-z][\w./-]*\.md\b/g

/** Commands of the checkout, as the packages have them. */
function translated(page: string): string {
  return page
    .replaceAll('npm start\n', 'npx remit dev\n')
    .replaceAll('npm run -s remit --', 'npx remit')
    .replaceAll('npx node verifier/src/main.ts', 'npx remit-verify')
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { name, parentPath }) => sum + statSync(join(parentPath, name)).size, 0)
}

describe('packages', () => {
  after(async () => {
    for (const folder of [built, server]) await rm(folder, { recursive: true, force: true })
  })

  it('are the same, byte for byte, when they are built again', () => {
    const { digests, again } = JSON.parse(process.env.REMIT_INTEROP_DIGESTS ?? '{}')
    assert.equal(Object.keys(digests).length, 5)
    assert.deepEqual(again, digests)
  })

  it('hold built JavaScript, no tests and no sources of the server', () => {
    const files = readdirSync(join(MODULES, 'remit'), { recursive: true, encoding: 'utf8' })
    assert.deepEqual(
      files.filter((name) => /^(?!node_modules\b).*(?:\.ts|\.test\.js|\btesting\.js)$/.test(name)),
      [],
    )
    for (const name of ['LICENSE', 'README.md', 'lib/main.js', 'policies/default.cedar'])
      assert.ok(files.includes(name), name)
    assert.ok(bytesIn(MODULES) < 110 * MIB, `${bytesIn(MODULES) / MIB} MiB with the samples`)
  })

  it('the server needs no more than 90 MB, and none of the samples', (t) => {
    const modules = join(server, 'node_modules')
    const size = bytesIn(modules) / 1e6
    t.diagnostic(`${size.toFixed(1)} MB`)
    assert.ok(size <= 90, `${size} MB`)
    const dev = spawnSync(process.execPath, [join(modules, 'remit', 'lib', 'main.js'), 'dev'], {
      encoding: 'utf8',
    })
    assert.match(dev.stderr, /dev\.samples_missing/)
  })

  it('have every page that the server and its commands name', () => {
    const own = join(server, 'node_modules', 'remit')
    const files = readdirSync(own, { recursive: true, encoding: 'utf8' })
    const named = new Set<string>()
    for (const name of files.filter((path) => /^(?!node_modules\b).*\.js$/.test(path)))
      for (const [page] of readFileSync(join(own, name), 'utf8').matchAll(PAGE)) named.add(page)
    for (const { page } of CHECKS) named.add(`docs/${page}`)
    assert.ok(named.size > 20, `${named.size}`)
    assert.deepEqual(
      [...named].filter((page) => !files.includes(page)),
      [],
    )
    for (const unit of ['remit.service', 'remit-backup.service', 'remit-backup.timer'])
      assert.ok(files.includes(`deploy/systemd/${unit}`), unit)
  })

  it('tell which version they are, of which commit, for which schema', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(MODULES, 'remit', 'lib', 'main.js'), ...args], {
        encoding: 'utf8',
      })
    assert.match(
      run('--version').stdout,
      /^remit \d+\.\d+\.\d+ \(commit [0-9a-f]{12}, schema \d+\)\n$/,
    )
    const release = JSON.parse(run('--version', '--json').stdout)
    assert.match(release.commit, /^[0-9a-f]{40}(?:-changed)?$/)
  })

  it('serve within 150 MB', async (t) => {
    const port = await neighbouringPorts(2)
    const data = join(home, 'serving')
    const first = await residentAfterStart(port, data)
    const next = await residentAfterStart(port, data)
    t.diagnostic(`${first.toFixed(1)} MB, which sets the database up; then ${next.toFixed(1)} MB`)
    assert.ok(first < 150, `${first} MB`)
    assert.ok(next < 150, `${next} MB`)
  })

  it('the first hour is as its page says, by the packages alone', async (t) => {
    await followFirstHour(t, Terminal.in(home), translated)
  })
})

/** Starts the server of the packages and stops it. Answers its resident memory when it was ready, in MB; 0 where it cannot be read. */
async function residentAfterStart(port: number, data: string): Promise<number> {
  const server = spawn(join(MODULES, '.bin', 'remit'), ['serve'], {
    cwd: home,
    env: {
      PATH: process.env.PATH,
      REMIT_DATA: data,
      REMIT_ISSUER: `http://127.0.0.1:${port}`,
      REMIT_GATEWAY: `http://127.0.0.1:${port + 1}`,
      REMIT_LISTEN: `127.0.0.1:${port}`,
      REMIT_GATEWAY_LISTEN: `127.0.0.1:${port + 1}`,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(server, 'exit')
  try {
    await until(async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
      return answer?.ok ? true : undefined
    })
    if (process.platform !== 'linux') return 0
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
    const resident = (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6
    assert.ok(resident > 10, `${resident} MB`)
    return resident
  } finally {
    server.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  }
}
