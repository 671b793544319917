import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRefused } from '../../test/refusals.ts'
import { inEachWorld } from '../../test/world.ts'
import { retention } from '../background.ts'

inEachWorld(
  'retention by the API',
  (world) => {
    interface RetentionJson {
      readonly classes: readonly { name: string; days: number | null; due: number; held: number }[]
      readonly holds: readonly { id: string }[]
      readonly erasures: readonly {
        id: string
        done_at: string | null
        held: number
        erased: number
      }[]
    }

    async function shown(): Promise<RetentionJson> {
      const answer = await (await world().api('ada')).send('GET', '/retention')
      assert.equal(answer.status, 200, answer.text)
      return answer.body as unknown as RetentionJson // as: the API says
    }

    async function facts(id: string): Promise<unknown> {
      return (await (await world().api('ada')).send('GET', `/decisions/${id}`)).body.facts
    }

    it('a hold keeps what a rule, a person and an administrator would erase, until it is lifted', async () => {
      const w = world()
      const ada = await w.api('ada')
      const { id: sam } = await w.person('sam')
      const task = await w.open()
      const body = '{"amount": 41.17}'
      const call = await w.agent.call(task, 'POST', '/orders/orders/1042/refunds', { body })
      assert.equal(call.status, 201, call.text)
      const listed = await ada.send('GET', '/decisions?limit=1')
      const [{ id = '' } = {}] = listed.body.decisions as { id?: string }[] // as the API says

      const hold = await ada.send('POST', '/retention/holds', { matter: 'case-17', person: sam })
      assert.equal(hold.status, 200, hold.text)
      const erase = () => ada.send('POST', '/ledger/erase', { decision: id, why: 'requested' })
      assertRefused(await erase(), 'retention.held')
      const asked = await ada.send('POST', '/retention/erasures', { person: sam })
      assert.equal(asked.status, 200, asked.text)
      const round = async () => {
        const settings = { retention: 'on', registrationKeptDays: 90 } as const
        const { signal } = new AbortController()
        for (const { run } of retention({ rooms: w.rooms, settings }, signal)) await run()
      }
      await round()
      assert.equal(await facts(id), 'facts')
      const held = await shown()
      assert.ok(held.erasures[0]?.done_at)
      assert.ok(held.erasures[0].held > 0)
      assert.deepEqual(
        held.holds.map((each) => each.id),
        [hold.body.id],
      )
      assert.equal(held.classes.find(({ name }) => name === 'arguments')?.days, 30)

      const lifted = await ada.send('DELETE', `/retention/holds/${hold.body.id}`)
      assert.equal(lifted.status, 200, lifted.text)
      assert.equal((await erase()).status, 200)
      assert.equal(await facts(id), 'erased')
    })

    it('erases nothing while the ledger lacks what was signed', async () => {
      const w = world()
      const ada = await w.api('ada')
      const { id: person } = await w.person('nils')
      const asked = await ada.send('POST', '/retention/erasures', { person })
      assert.equal(asked.status, 200, asked.text)
      const settings = { retention: 'on', registrationKeptDays: 90 } as const
      const { signal } = new AbortController()
      const isDone = async () =>
        (await shown()).erasures.find(({ id }) => id === asked.body.id)?.done_at !== null
      const broken = Object.create(w.rooms, {
        ledger: { value: { broken: 'records are missing' } },
      })
      for (const { run } of retention({ rooms: broken, settings }, signal)) await run()
      assert.equal(await isDone(), false)
      for (const { run } of retention({ rooms: w.rooms, settings }, signal)) await run()
      assert.equal(await isDone(), true)
    })

    it('refuses people and holds that are not there, and whoever is no administrator', async () => {
      const w = world()
      const ada = await w.api('ada')
      const nobody = { person: 'psn_AAAAAAAAAAAAAAAAAAAAAA' }
      assertRefused(await ada.send('POST', '/retention/erasures', nobody), 'person.unknown')
      const hold = { matter: 'case-18', ...nobody }
      assertRefused(await ada.send('POST', '/retention/holds', hold), 'person.unknown')
      const empty = await ada.send('POST', '/retention/holds', { matter: 'case-18' })
      assertRefused(empty, 'retention.bad_hold')
      const wordy = { matter: 'about Sam Smith', resource: 'orders' }
      assertRefused(await ada.send('POST', '/retention/holds', wordy), 'request.malformed')
      const lift = await ada.send('DELETE', '/retention/holds/hld_AAAAAAAAAAAAAAAAAAAAAA')
      assertRefused(lift, 'retention.unknown_hold')
      const sam = await w.api('sam')
      assert.equal((await sam.send('GET', '/retention')).status, 403)
    })
  },
  { settings: { REMIT_RETENTION_ARGUMENTS_DAYS: '30' } },
)
