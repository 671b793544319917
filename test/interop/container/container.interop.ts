import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { neighbouringPorts } from '../../ports.ts'
import { until } from '../../until.ts'
import { PODMAN, RUN_OPTIONS } from './get.ts'

const { REMIT_INTEROP_IMAGE: image = '' } = process.env
const NAME = `remit-interop-${process.pid}`

function podman(...args: readonly string[]) {
  return spawnSync('podman', [...PODMAN, ...args], { encoding: 'utf8' })
}

/** Runs a command in the container. */
function inside(...command: readonly string[]) {
  return podman('exec', NAME, ...command)
}

describe('the container', () => {
  let running: Promise<unknown[]>
  let origin: string
  before(async () => {
    const port = await neighbouringPorts(2)
    origin = `http://127.0.0.1:${port}`
    const settings = {
      REMIT_ISSUER: origin,
      REMIT_GATEWAY: `http://127.0.0.1:${port + 1}`,
      REMIT_LISTEN: `0.0.0.0:${port}`,
      REMIT_GATEWAY_LISTEN: `0.0.0.0:${port + 1}`,
    }
    const hardened = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']
    const environment = Object.entries(settings).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ])
    const options = ['run', '--rm', '--name', NAME, ...RUN_OPTIONS, ...hardened, ...environment]
    const child = spawn('podman', [...PODMAN, ...options, image], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    running = once(child, 'exit')
    await until(async () => {
      const answer = await fetch(`${origin}/readyz`).catch(() => undefined)
      return answer?.ok ? true : undefined
    })
  })
  after(() => {
    podman('rm', '-f', NAME)
    podman('rmi', image)
  })

  it('runs as nobody in particular, with no capability and no npm, and writes to its data only', () => {
    assert.equal(inside('id', '-u').stdout, '10001\n')
    assert.match(inside('cat', '/proc/1/status').stdout, /^CapEff:\s+0{16}$/m)
    assert.notEqual(inside('sh', '-c', 'command -v npm').status, 0)
    assert.notEqual(inside('touch', '/app/x').status, 0)
    assert.equal(
      inside('stat', '-c', '%a %u', '/data', '/data/master.key').stdout,
      '700 10001\n600 10001\n',
    )
  })

  it('tells which Remit it is', () => {
    const { stdout } = inside('node', '/app/lib/main.js', '--version')
    assert.match(stdout, /^remit \d+\.\d+\.\d+ \(commit 0123456789ab, schema \d+\)\n$/)
  })

  it('has a health check that passes', () => {
    const [{ Healthcheck }] = JSON.parse(podman('image', 'inspect', image).stdout)
    const [kind, ...command] = Healthcheck.Test
    assert.equal(kind, 'CMD')
    const here = command.map((part: string) => part.replace('http://127.0.0.1:7480', origin))
    assert.equal(inside(...here).status, 0)
    assert.notEqual(inside(...command).status, 0, 'at an address where nothing is')
  })

  it('ends by itself when it is told to', async () => {
    assert.equal(podman('stop', '-t', '20', NAME).status, 0)
    assert.deepEqual(await running, [0, null])
  })
})
