import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { it } from 'node:test'
import { recover } from '../../src/calls/calls/index.ts'
import { findDecision } from '../../src/tasks/decision-log/index.ts'
import { assertDenied, assertRefused, assertRequestable } from '../refusals.ts'
import { inEachWorld, type World } from '../world.ts'

const READ = '/orders/orders/1042'

async function approve(w: World, page: string): Promise<void> {
  const fiona = await w.browser('fiona')
  assert.equal((await fiona.submit(await fiona.get(page), /^Approve once/)).status, 200)
}

/** Serves the same world from a process of its own. */
async function serveApart(w: World) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'serve.ts')], {
    env: { ...process.env, ...w.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('the server ended before it was ready'))),
  ])
  return {
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Ends the lease of a process that was killed. */
async function leasesRunOut(w: World): Promise<void> {
  const { live, storage } = w.rooms
  await storage.transaction((tx) =>
    tx
      .updateTable('live_replicas')
      .set({ lease_until: 0 })
      .where('id', '!=', live.replicaId)
      .execute(),
  )
}

inEachWorld(
  'a server that ends and starts again',
  (world) => {
    it('stopped: tasks, tokens, pending requests and what was executed are as before', async () => {
      const w = world()
      w.echo.forget()
      const task = await w.open()
      const token = await w.agent.token(task, w.orders)
      const proofOf = { method: 'GET', url: w.gateway + READ, token }
      const usedProof = await w.agent.proof(task.key, proofOf)
      const pending = assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/p'))
      const done = assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/x'))
      await approve(w, done.page)
      const executed = await w.agent.call(task, 'DELETE', '/echo/things/x')
      assert.equal(executed.status, 200)
      assert.equal(
        (await w.agent.call(task, 'GET', READ, { token, proofs: [usedProof] })).status,
        200,
      )
      const { text: keys } = await w.agent.about(task, 'GET', '')

      await w.restart()

      assert.equal((await w.agent.about(task, 'GET', '')).text, keys)
      assert.equal((await w.agent.call(task, 'GET', READ, { token })).status, 200, 'tokens survive')
      const replayed = await w.agent.call(task, 'GET', READ, { token, proofs: [usedProof] })
      assertDenied(replayed, 'proof.replayed')
      const waiting = await w.agent.about(task, 'GET', `/requests/${pending.id}`)
      assert.equal(waiting.body.state, 'pending', waiting.text)
      const twice = await w.agent.call(task, 'DELETE', '/echo/things/x')
      assertRefused(twice, 'approval.executed')
      assert.equal(twice.body.decision_id, executed.headers['remit-decision'])
      assert.equal(w.echo.reached.length, 1)
      await approve(w, pending.page)
      assert.equal((await w.agent.call(task, 'DELETE', '/echo/things/p')).status, 200)
      assert.equal(w.echo.reached.length, 2)
    })

    it('stopped while a call is under way: its outcome is recorded before the server has stopped', async () => {
      const w = world()
      w.echo.forget()
      w.echo.answer = () => {}
      const task = await w.open()
      const call = w.agent.call(task, 'GET', '/echo/things/slow').catch((error: unknown) => error)
      await w.echo.arrived(1)
      const id = String(w.echo.reached[0]?.headers['remit-decision'])
      await w.restart()
      await call
      const decision = await findDecision(w.rooms.storage.read, id)
      assert.equal(decision?.state, 'failed')
      const outcomes = (await w.ledger()).filter(
        (each) => each.decision_id === id && each.type === 'decision.outcome',
      )
      assert.deepEqual(
        outcomes.map(({ outcome }) => outcome),
        ['failed'],
      )
    })

    it('killed between intent and outcome: reported as indeterminate, in the ledger, and never repeated', async () => {
      const w = world()
      w.echo.forget()
      const task = await w.open()
      const asked = assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/k'))
      await approve(w, asked.page)
      await w.stopServer()

      const apart = await serveApart(w)
      w.echo.answer = () => {}
      const call = w.agent.call(task, 'DELETE', '/echo/things/k').catch((error: unknown) => error)
      await w.echo.arrived(1)
      await apart.kill()
      assert.ok((await call) instanceof Error, 'nobody answered')
      const id = String(w.echo.reached[0]?.headers['remit-decision'])
      w.echo.answer = undefined

      await w.startServer()
      const before = await findDecision(w.rooms.storage.read, id)
      if (w.rooms.storage.engine === 'postgres') {
        assert.equal(before?.state, 'sending', 'whoever may still be alive is not taken for dead')
        await leasesRunOut(w)
        await recover(w.rooms.decisions)
        const { state } = (await findDecision(w.rooms.storage.read, id)) ?? {}
        assert.equal(state, 'sending', 'nobody is judged by who comes back first')
        await w.letOthersShow()
        await recover(w.rooms.decisions)
      }
      const decision = await findDecision(w.rooms.storage.read, id)
      assert.equal(decision?.state, 'indeterminate')
      const records = (await w.ledger()).filter((each) => each.decision_id === id)
      assert.deepEqual(
        records.map(({ outcome, type }) => [type, outcome]),
        [
          ['approval.used', undefined],
          ['decision.intent', 'permit'],
          ['decision.outcome', 'indeterminate'],
        ],
      )
      const again = await w.agent.call(task, 'DELETE', '/echo/things/k')
      assertRefused(again, 'approval.executed')
      assert.deepEqual([again.body.state, again.body.decision_id], ['indeterminate', id])
      assert.equal(w.echo.reached.length, 1)
      const sam = await w.browser('sam')
      assert.ok((await sam.get(`${w.issuer}/decisions/${id}`)).text.length > 0)
      const ada = await w.api('ada')
      assert.equal((await ada.send('GET', `/decisions/${id}`)).body.state, 'indeterminate')
    })
  },
  { onDisk: true },
)
