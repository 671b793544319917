import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sql } from 'kysely'
import { assertRefused } from '../../../test/refusals.ts'
import { inEachWorld } from '../../../test/world.ts'
import { removals } from '../../background.ts'
import { tablesOf } from '../../platform/storage/index.ts'

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
        account: string
      }[]
    }

    async function shown(): Promise<RetentionJson> {
      const answer = await (await world().api('ada')).send('GET', '/retention')
      assert.equal(answer.status, 200, answer.text)
      return answer.body as unknown as RetentionJson // as: the API says
    }

    async function round(): Promise<void> {
      const { signal } = new AbortController()
      for (const { run } of removals(world().rooms, signal)) await run()
    }

    /** Tables with a row that says this. */
    async function tablesWith(text: RegExp): Promise<readonly string[]> {
      const { ledger, storage } = world().rooms
      await ledger.sequence()
      const found: string[] = []
      for (const table of tablesOf(
        storage.build,
        'kept',
        'ended',
        'emptied',
        'left_out',
        'derived',
      )) {
        const rows = (await sql`SELECT * FROM ${sql.table(table)}`.execute(storage.read)).rows
        if (rows.some((row) => text.test(JSON.stringify(row)))) found.push(table)
      }
      return found
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

    it('an account that is erased leaves an id, and no word of the person anywhere', async () => {
      const w = world()
      const ada = await w.api('ada')
      await w.browser('fiona')
      const { email = '', id, name, subject } = await w.person('fiona')
      await w.allow('fiona')
      const task = await w.open({ purpose: `help ${name} along` }, { person: 'fiona' })
      const said = new RegExp(`${email}|"${subject}"|${name}`)
      const places = ['ledger_private', 'persons', 'tasks']
      const beside = w.rooms.storage.engine === 'postgres' ? ['ledger_leaves'] : []
      assert.deepEqual(await tablesWith(said), [...beside, ...places])
      const hold = await ada.send('POST', '/retention/holds', { matter: 'case-19', person: id })
      const erase = () => ada.send('POST', '/retention/erasures', { person: id, account: true })
      const asked = await erase()
      assert.equal(asked.status, 200, asked.text)
      assert.equal(asked.body.account, 'goes')
      // At once, whatever is held: the account is over.
      await assert.rejects(w.agent.call(task, 'GET', '/orders/orders/1042'), /task\.closed/)
      assert.equal((await ada.send('GET', `/people/${id}`)).body.status, 'ended')
      const back = await ada.send('POST', `/people/${id}/resume`, {})
      assertRefused(back, 'person.ended')
      await round()
      const fate = async (of: unknown) =>
        (await shown()).erasures.find((each) => each.id === of)?.account
      assert.equal(await fate(asked.body.id), 'held')
      assert.equal((await w.person('fiona')).name, name, 'a hold keeps who it was')

      await ada.send('DELETE', `/retention/holds/${hold.body.id}`)
      const again = await erase()
      await round()
      assert.equal(await fate(again.body.id), 'erased')
      const left = await ada.send('GET', `/people/${id}`)
      assert.deepEqual([left.body.name, left.body.status], ['(erased)', 'erased'])
      assert.deepEqual(await tablesWith(said), [])
      await assert.rejects(w.idToken('fiona').then((subjectToken) => w.open({ subjectToken })))
      w.forgetBrowsers()
      await assert.rejects(w.browser('fiona'))
      const permitted = await ada.send('POST', `/people/${id}/return`, {})
      assert.equal(permitted.status, 200, permitted.text)
      w.forgetBrowsers()
      await w.browser('fiona')
      assert.notEqual((await w.person('fiona')).id, id)
    })

    it('erases nothing while the ledger lacks what was signed', async () => {
      const w = world()
      const ada = await w.api('ada')
      const { id: person } = await w.person('nils')
      const asked = await ada.send('POST', '/retention/erasures', { person })
      assert.equal(asked.status, 200, asked.text)
      const { signal } = new AbortController()
      const isDone = async () =>
        (await shown()).erasures.find(({ id }) => id === asked.body.id)?.done_at !== null
      const broken = Object.create(w.rooms, {
        ledger: { value: { broken: 'records are missing' } },
      })
      for (const { run } of removals(broken, signal)) await run()
      assert.equal(await isDone(), false)
      for (const { run } of removals(w.rooms, signal)) await run()
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
