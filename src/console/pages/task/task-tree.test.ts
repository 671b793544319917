import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { closeTask } from '../../../tasks/tasks/index.ts'
import { textContent } from '../frame/testing.ts'
import { addAgent, detail, refundBot, testPages } from '../testing.ts'
import type { TestBrowser } from '../visiting/testing.ts'
import { openedChild, openedTask, sponsoredBy } from './testing.ts'

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const sam = await pages.person('sam', 'support')
  const olga = await pages.person('olga')
  const ada = await pages.person('ada', 'administrators')
  const nils = await pages.person('nils')
  await refundBot(pages, olga)
  await addAgent(pages, nils, 'note-taker')
  const limit = { name: 'calls', kind: 'calls', most: '20' } as const
  const root = await openedTask(pages, sam)
  pages.clock.advance(60_000)
  const child = await openedChild(pages, root, {
    agentId: 'note-taker',
    purpose: 'write <it> down',
    budget: [limit],
  })
  const leaf = await openedChild(pages, child, { purpose: 'look it up' })
  pages.clock.advance(60_000)
  const beside = await openedChild(pages, root, { purpose: 'something beside' })
  return { pages, sam, olga, ada, nils, root, child, leaf, beside }
}

/** The tree of a page, each node as text, two blanks for each level. */
async function treeOn(browser: TestBrowser, id: string): Promise<readonly string[]> {
  const { body } = await browser.get(`/tasks/${id}`)
  const [, tree = ''] = /<ol class="tree">([\s\S]*)<\/ol>/.exec(body) ?? []
  const lines: string[] = []
  let depth = 0
  for (const [part] of tree.matchAll(/<\/?ol>|<div class="node[\s\S]*?<\/div>/g)) {
    if (part === '<ol>') depth++
    else if (part === '</ol>') depth--
    else lines.push('  '.repeat(depth) + textContent(part))
  }
  return lines
}

const linksOf = (body: string) =>
  [...body.matchAll(/<a href="\/tasks\/(tsk_[^"]+)"/g)].map(([, id]) => id)

forEachEngine('the tree on the page of a task', (open) => {
  test('is nested, with agent, purpose, state, whom it is for, and how much is used', async () => {
    const { pages, sam, root } = await begin(await open())
    const browser = await pages.browserOf(sam)
    const told = 'Runningfor Name of sam'
    assert.deepEqual(await treeOn(browser, root.id), [
      `refund-bot “refund order 1042 <i>now</i>” · this task${told}58 minutes left`,
      `  note-taker “write <it> down”${told}0 of 20 calls used59 minutes left`,
      `    refund-bot “look it up”${told}59 minutes left`,
      `  refund-bot “something beside”${told}1 hour left`,
    ])
  })

  test('leads from a task up to the top, and to all below it, not to what is beside it', async () => {
    const { pages, sam, ada, root, child, leaf } = await begin(await open())
    for (const person of [sam, ada]) {
      const browser = await pages.browserOf(person)
      const lines = await treeOn(browser, child.id)
      assert.deepEqual(
        lines.map((line) => line.replace(/”.*/, '”')),
        [
          'refund-bot “refund order 1042 <i>now</i>”',
          '  note-taker “write <it> down”',
          '    refund-bot “look it up”',
        ],
      )
      const { body } = await browser.get(`/tasks/${child.id}`)
      assert.deepEqual(linksOf(body), [root.id, leaf.id])
      for (const link of linksOf(body))
        assert.equal((await browser.get(`/tasks/${link}`)).statusCode, 200)
    }
  })

  test('shows the owner of an agent what is below its task, and nothing above or beside', async () => {
    const { pages, nils, root, child, leaf, beside } = await begin(await open())
    const browser = await pages.browserOf(nils)
    const { body } = await browser.get(`/tasks/${child.id}`)
    assert.match(body, /below another task, which you may not see/)
    assert.match(textContent(body), /look it up/)
    assert.deepEqual(linksOf(body), [], 'the task below is of an agent of someone else')
    for (const { id } of [root, beside]) assert.ok(!body.includes(id))
    assert.ok(!textContent(body).includes('refund order 1042'))
    for (const { id } of [root, leaf, beside])
      assert.equal((await browser.get(`/tasks/${id}`)).statusCode, 404)
  })

  test('says that a task has handed nothing on, and why one below it ended', async () => {
    const { pages, sam, root, child, leaf } = await begin(await open())
    const browser = await pages.browserOf(sam)
    const alone = await openedTask(pages, sam)
    assert.match((await browser.get(`/tasks/${alone.id}`)).body, /It has handed nothing on/)
    await closeTask(pages.parts.decisions, { taskId: child.id, by: sam.id, reason: 'person' })
    const lines = await treeOn(browser, root.id)
    assert.match(lines[1] ?? '', /Ended.*it was ended by hand/)
    assert.match(lines[2] ?? '', /Ended.*the task above it ended/)
    assert.equal((await browser.get(`/tasks/${leaf.id}`)).statusCode, 200)
  })

  test('says of autonomous work who sponsors it, and under what', async () => {
    const { pages, olga, ada, nils } = await begin(await open())
    const grant = await sponsoredBy(pages, olga)
    const task = await openedTask(pages, olga, {
      purpose: grant.purpose,
      openedBy: 'sponsor',
      sponsored: true,
      sponsorGrantId: grant.id,
      mayDelegate: [{ ...detail('orders.read'), type: 'remit_delegate' }],
    })
    await openedChild(pages, task, { agentId: 'note-taker' })
    const browser = await pages.browserOf(olga)
    const { body } = await browser.get(`/tasks/${task.id}`)
    const text = textContent(body)
    for (const part of [
      'Task of refund-bot, sponsored by Name of olga',
      'The purpose is what the sponsor wrote.',
      'Name of olga, who need not be present',
      'What it may hand on to other agents',
    ])
      assert.ok(text.includes(part), `${part}: ${text}`)
    assert.ok(body.includes(`href="/#${grant.id}"`), 'it is on her home page')
    const lines = await treeOn(browser, task.id)
    assert.match(lines[1] ?? '', /note-taker .*sponsored by Name of olga/)
    const admin = await (await pages.browserOf(ada)).get(`/tasks/${task.id}`)
    assert.ok(!admin.body.includes(`href="/#${grant.id}"`), 'it is not on his')
    assert.equal((await (await pages.browserOf(nils)).get(`/tasks/${task.id}`)).statusCode, 404)
  })
})
