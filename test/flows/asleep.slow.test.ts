import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { TestAgent } from '../agent.ts'
import { freePorts } from '../ports.ts'
import { World } from '../world.ts'

const READ = '/echo/things/1'
const WAITING = 8
const skip = process.env.TEST_POSTGRES_URL ? false : 'needs PostgreSQL (TEST_POSTGRES_URL)'

/** A second server of the world, in a process whose clocks do not count the time for which it is stopped. */
async function serveSleeper(w: World, sleeps: 'monotonic' | 'all') {
  const [issuer = 0, gateway = 0] = await freePorts(2)
  const here = join(import.meta.dirname, '..')
  const child = spawn(
    process.execPath,
    ['--import', join(here, 'sleeping-clock.ts'), join(here, 'serve.ts')],
    {
      env: {
        ...process.env,
        ...w.environment,
        REMIT_LISTEN: `127.0.0.1:${issuer}`,
        REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
        SLEEPS: sleeps,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = once(child, 'exit')
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('the server ended before it was ready'))),
  ])
  const ports = { [w.issuer]: issuer, [w.gateway]: gateway }
  const { clock } = w
  return {
    agent: new TestAgent(
      { issuer: w.issuer, gateway: w.gateway, clock, ports },
      w.agent.id,
      w.agent.key,
    ),
    async sleep() {
      child.kill('SIGUSR2')
      await once(child.stdout, 'data')
      child.kill('SIGSTOP')
    },
    wake: () => child.kill('SIGCONT'),
    async end() {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await ended
    },
  }
}

describe('C1: a server that sleeps while a task is closed at another', { skip }, () => {
  let w: World
  before(async () => {
    w = await World.start('postgres')
  })
  after(() => w?.stop())

  const KINDS = [
    { sleeps: 'monotonic', gone: false, name: 'its wall clock is right' },
    { sleeps: 'all', gone: true, name: 'no clock of it moved, and its row is gone' },
  ] as const
  for (const { gone, name, sleeps } of KINDS)
    it(`permits and issues nothing when it wakes: ${name}`, async () => {
      const sleeper = await serveSleeper(w, sleeps)
      try {
        const task = await w.open()
        const other = await w.open()
        const token = await sleeper.agent.token(task, `${w.gateway}/echo`)
        assert.equal((await sleeper.agent.call(task, 'GET', READ, { token })).status, 200)
        w.echo.forget()

        await sleeper.sleep()
        // They wait in its socket, proofs and all.
        const calls = Array.from({ length: WAITING }, () =>
          sleeper.agent.call(task, 'GET', READ, { token }),
        )
        const asked = sleeper.agent.askToken(task, `${w.gateway}/echo`)
        assert.equal((await w.agent.about(task, 'DELETE', '')).status, 200)
        // As the others leave it when a server is silent for a minute.
        if (gone)
          await w.rooms.storage.transaction(async (tx) => {
            const { replicaId } = w.rooms.live
            await tx.deleteFrom('live_replicas').where('id', '!=', replicaId).execute()
            await tx.deleteFrom('live_changes').execute()
          })
        sleeper.wake()

        const answers = await Promise.all(calls)
        assert.deepEqual(
          answers.filter(({ status }) => status === 200),
          [],
        )
        assert.notEqual((await asked).status, 200)
        for (let more = 0; more < 5; more++) {
          assert.notEqual((await sleeper.agent.call(task, 'GET', READ, { token })).status, 200)
          assert.notEqual((await sleeper.agent.askToken(task, `${w.gateway}/echo`)).status, 200)
        }
        assert.equal(w.echo.reached.length, 0, 'nothing reached the API')
        // The others go on meanwhile.
        assert.equal((await w.agent.call(other, 'GET', READ)).status, 200)
      } finally {
        await sleeper.end()
      }
    })
})
