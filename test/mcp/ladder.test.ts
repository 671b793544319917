import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setPreview, setRisk } from '../../src/catalog/catalog-changes/index.ts'
import { answer } from '../../src/platform/net/mcp/testing.ts'
import { until } from '../until.ts'
import { inEachWorld } from '../world.ts'
import { erase, PAGE, pageOf, pagesOf, say, standing } from './asking.ts'
import { messagesOf, rpcOf, wordsOf } from './place.ts'
import { on } from './scripted.ts'

const PATIENT = { hold: { withProgress: 60_000, without: 60_000 }, progressEvery: 20, lookEvery: 5 }

inEachWorld(
  'a held MCP call',
  (world) => {
    const at = standing(world)

    it('goes on when people approve it, is executed once, and is told again afterwards', async () => {
      const before = at.notes.calls().length
      const task = await at.place.open()
      const client = await at.place.connect(task)
      const words: string[] = []
      const holding = client.callTool({ name: 'erase', arguments: { what: 'a' } }, undefined, {
        onprogress: ({ message }) => words.push(message ?? ''),
      })
      const page = await until(async () =>
        words.length > 2 ? PAGE.exec(words[0] ?? '')?.[0] : undefined,
      )
      assert.match(words[0] ?? '', /^Waiting for approval by anyone in finance – http/)
      assert.equal(at.notes.calls().length, before, 'nothing is sent while it waits')
      await say(world(), page, /^Approve once/)
      const done = await holding
      assert.equal(wordsOf(done), 'done')
      assert.equal(done.isError, undefined)
      assert.equal(at.notes.calls().length, before + 1)

      const again = await client.callTool({ name: 'erase', arguments: { what: 'a' } })
      assert.match(
        wordsOf(again),
        /call was approved and executed before.*not executed again.*\ndone/s,
      )
      assert.equal(again._meta?.['remit/told-again'], true)
      assert.equal(again._meta?.['remit/decision'], done._meta?.['remit/decision'])
      assert.equal(at.notes.calls().length, before + 1)
    })

    it('says nothing to a client that asked for no progress, until it is done', async () => {
      const task = await at.place.open()
      const session = await at.place.session(task)
      const holding = erase(session, 'b')
      await say(world(), await pageOf(world(), task), /^Approve once/)
      const done = await holding
      assert.match(String(done.headers['content-type']), /^application\/json/)
      assert.equal(wordsOf(rpcOf(done).result), 'done')
    })

    it('is refused when people deny it, in their words', async () => {
      const before = at.notes.calls().length
      const task = await at.place.open()
      const session = await at.place.session(task)
      const holding = erase(session, 'c', 'p')
      await say(world(), await pageOf(world(), task), /^Deny/, { reason: 'not this one' })
      const { result } = rpcOf(await holding)
      assert.equal(result.isError, true)
      assert.match(wordsOf(result), /^Not executed: a person denied this call: not this one/)
      assert.equal(at.notes.calls().length, before)
    })

    it('shows its approver what a tool that only reads says about it', async () => {
      const w = world()
      const { connections } = w.rooms
      const { id: by } = await w.person('ada')
      const preview = { action: 'notes.say', arguments: { text: '/what' } } as const
      await assert.rejects(
        setPreview(connections, { action: 'notes.erase', preview, by }),
        { code: 'catalog.bad_preview' },
        'a server that does not say that a tool only reads',
      )
      // As if the server had said that it only reads.
      await connections.storage.transaction((tx) =>
        tx.updateTable('actions').set({ access: 'read' }).where('name', '=', 'notes.say').execute(),
      )
      await setPreview(connections, { action: 'notes.erase', preview, by })
      await setRisk(connections, { action: 'notes.say', risk: 'low', by })
      const task = await at.place.open()
      const session = await at.place.session(task)
      at.notes.play(
        on('tools/call', ({ message }, reply) => {
          const told = { asked: message?.params, note: '<i>now</i>' }
          return (
            message?.params.name === 'say' && answer(reply, message.id, { structuredContent: told })
          )
        }),
      )
      const holding = erase(session, 'old note', 'p')
      const page = await pageOf(w, task)
      const fiona = await w.browser('fiona')
      const looked = await fiona.submit(await fiona.get(page), /^See what is there now/)
      assert.match(looked.text, /"name" ?: ?"say".*<i>now<\/i>.*Words of/s)
      assert.match(looked.text, /"text" ?: ?"old note"/)
      assert.ok(!looked.html.includes('<i>now'))
      await say(w, page, /^Deny/)
      await holding
      await setPreview(connections, { action: 'notes.erase', preview: undefined, by })
    })

    it('ends with its task: refused, and never sent', async () => {
      const before = at.notes.calls().length
      const task = await at.place.open()
      const session = await at.place.session(task)
      const holding = erase(session, 'd', 'p')
      const quiet = erase(session, 'd2')
      await pagesOf(world(), task, 2)
      const closed = await world().agent.about(task, 'DELETE', '')
      assert.equal(closed.status, 200, closed.text)
      const messages = messagesOf(await holding)
      assert.ok(messages.length > 0)
      const last = messages.at(-1)
      assert.match(wordsOf(last.result), /^Not executed: the task (?:is|was) closed/)
      assert.equal((await quiet).status, 401)
      assert.equal(at.notes.calls().length, before)
    })

    it('is one call, however often it is asked for at once', async () => {
      const before = at.notes.calls().length
      const task = await at.place.open()
      const session = await at.place.session(task)
      const all = Array.from({ length: 5 }, () => erase(session, 'e', 'p'))
      const page = await pageOf(world(), task)
      await say(world(), page, /^Approve once/)
      const results = (await Promise.all(all)).map((each) => rpcOf(each).result)
      assert.equal(at.notes.calls().length, before + 1)
      assert.equal(results.filter(({ _meta }) => !_meta['remit/told-again']).length, 1)
    })

    it('is left when its client goes away or cancels, and the retry attaches to the same request', async () => {
      const task = await at.place.open()
      const client = await at.place.connect(task)
      const leaving = new AbortController()
      const holding = client.callTool({ name: 'erase', arguments: { what: 'f' } }, undefined, {
        signal: leaving.signal,
        onprogress: () => leaving.abort(),
      })
      await assert.rejects(holding)
      const page = await pageOf(world(), task)
      const session = await at.place.session(task)
      const retry = erase(session, 'f', 'p')
      await say(world(), page, /^Approve once/)
      assert.equal(wordsOf(rpcOf(await retry).result), 'done')
    })

    it('holds a prompt just as well', async () => {
      const task = await at.place.open()
      const session = await at.place.session(task)
      at.notes.play(
        on('prompts/get', ({ message }, reply) => answer(reply, message.id, { messages: [] })),
      )
      const ask = () => session.request('prompts/get', { name: 'greet', arguments: { who: 'x' } })
      const holding = ask()
      await say(world(), await pageOf(world(), task), /^Approve once/)
      assert.deepEqual(rpcOf(await holding).result.messages, [])
      assert.equal(rpcOf(await ask()).result._meta['remit/told-again'], true)
    })
  },
  { mcp: PATIENT },
)

const HASTY = {
  hold: { withProgress: 60, without: 20 },
  progressEvery: 10,
  lookEvery: 5,
  held: { perTask: 2, all: 1_000, bytes: 1_000_000 },
}

inEachWorld(
  'an MCP call that people do not answer in time',
  (world) => {
    const at = standing(world)

    it('is told as pending, and the very same call is executed once it is approved', async () => {
      const w = world()
      const before = at.notes.calls().length
      const task = await at.place.open()
      const session = await at.place.session(task)
      const first = await erase(session, 'a', 'p')
      assert.ok(messagesOf(first).length > 1, 'with signs of life before')
      const { result } = rpcOf(first)
      assert.equal(result.isError, true)
      assert.match(
        wordsOf(result),
        /^PENDING, not executed: .*anyone in finance, until \d\d:\d\d UTC.*make this exact call again/s,
      )
      const { id, page, retry_after, status, url } = result._meta['remit/approval']
      assert.deepEqual([status, retry_after], ['pending', 30])
      assert.equal(url, `${w.issuer}/v1/tasks/${task.id}/requests/${id}`)
      const second = rpcOf(await erase(session, 'a'))
      assert.equal(second.result._meta['remit/approval'].id, id, 'the retry attaches')
      assert.equal(at.notes.calls().length, before)
      await say(w, page, /^Approve once/)
      assert.equal(wordsOf(rpcOf(await erase(session, 'a')).result), 'done')
      assert.equal(at.notes.calls().length, before + 1)
      await erase(session, 'a')
      assert.equal(at.notes.calls().length, before + 1)
    })

    it('is an error of the protocol where there is no tool', async () => {
      const session = await at.place.session(await at.place.open())
      const params = { name: 'greet', arguments: { who: 'x' } }
      const { error } = rpcOf(await session.request('prompts/get', params))
      assert.equal(error.code, -32001)
      assert.match(error.message, /^PENDING, not executed/)
      assert.equal(error.data['remit/approval'].status, 'pending')
    })

    it('names groups and no people', async () => {
      const session = await at.place.session(await at.place.open())
      const { text } = await erase(session, 'b')
      assert.ok(!/fiona|ada\b/i.test(text), text)
    })
  },
  { mcp: HASTY },
)

inEachWorld(
  'more held MCP calls than are held at once',
  (world) => {
    const at = standing(world)

    it('one that its client left makes room for another', async () => {
      const task = await at.place.open()
      const session = await at.place.session(task)
      let id = 0
      /** An event stream begins at once for a call that is held, and for no other. */
      const hold = async (what: string) => {
        const params = { name: 'erase', arguments: { what }, _meta: { progressToken: 'p' } }
        const message = { jsonrpc: '2.0', id: `left-${++id}`, method: 'tools/call', params }
        const began = await session.begin(message)
        const isHeld = began.headers['content-type'] === 'text/event-stream'
        return isHeld ? began : void began.resume()
      }
      const [first, second] = [await hold('x'), await hold('y')]
      assert.ok(first && second)
      assert.equal(await hold('z'), undefined)
      first.destroy()
      // It is held as soon as the other one is seen to have gone.
      const third = await until(() => hold('z'))
      assert.equal(await hold('x'), undefined)
      for (const each of [second, third]) each.destroy()
    })

    it('are pending at once', async () => {
      const task = await at.place.open()
      const session = await at.place.session(task)
      const held = [erase(session, 'a', 'p'), erase(session, 'b', 'p')]
      await pagesOf(world(), task, 2)
      const third = await erase(session, 'c', 'p')
      assert.match(wordsOf(rpcOf(third).result), /^PENDING/)
      assert.equal(messagesOf(third).length, 1)
      await world().agent.about(task, 'DELETE', '')
      await Promise.all(held)
    })
  },
  { mcp: { ...PATIENT, held: { perTask: 2, all: 1_000, bytes: 1_000_000 } } },
)
