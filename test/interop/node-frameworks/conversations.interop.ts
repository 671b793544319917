import assert from 'node:assert/strict'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { checkTypes } from '../../sdk/empty-project.ts'
import { deskWorld } from '../../sdk/readme-story.ts'
import { approve } from '../../sdk/shops.ts'
import type { World } from '../../world.ts'
import { ModelApi } from '../model-api.ts'
import { NodeProject } from '../npm.ts'
import {
  assertClosed,
  assertRefundsOnce,
  environmentOf,
  startSignedIn,
} from '../refund-conversation.ts'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples', 'typescript')
const AGENTS = ['vercel-ai.ts', 'langchain.ts', 'openai-agents.ts']
const AT_THE_DESK = ['vercel-ai-mcp.ts', 'langchain-mcp.ts', 'openai-agents-mcp.ts']
const COMPILER = {
  ...{ module: 'nodenext', types: ['node'], skipLibCheck: true },
  allowImportingTsExtensions: true,
}

describe('agents in frameworks for JavaScript, with a model that follows a script', () => {
  let w: World
  let model: ModelApi
  let project: NodeProject
  before(async () => {
    // Who tells no progress is told at once that people have to approve.
    w = await deskWorld({ mcp: { hold: { withProgress: 600_000, without: 50 } } })
    model = await ModelApi.start()
    project = await NodeProject.make(process.env.REMIT_INTEROP_NODE_FRAMEWORKS ?? '')
    for (const name of await readdir(EXAMPLES))
      await cp(join(EXAMPLES, name), join(project.folder, name))
    await cp(join(w.data, '..', 'refund-bot.jwk'), join(project.folder, 'refund-bot.jwk'))
  })
  after(async () => {
    await project?.remove()
    model?.stop()
    await w?.stop()
  })

  it('the examples have the right types', async () => {
    assert.equal(
      await checkTypes(project, COMPILER, [...AGENTS, ...AT_THE_DESK, 'mcp-client.ts']),
      '',
    )
  })

  for (const name of AGENTS)
    it(`${name}: what people have to approve, what was done before and what is denied are results of tools`, () =>
      assertRefundsOnce(w, project, [name], environmentOf(w, model)))

  for (const name of AT_THE_DESK)
    it(`${name}: tools of an MCP server are calls of the task`, async () => {
      const running = await startSignedIn(project, [name], environmentOf(w, model))
      const { code, said } = await running.ended
      assert.equal(code, 0, said)
      assert.match(said, /^said read: .*three of five books/m)
      await assertClosed(w)
    })

  it('at the desk, a call that people have to approve is a result that says so, and the retry is executed once', async () => {
    const send = {
      tool: 'send_message',
      args: { to: 'customer@example.com', text: 'Three books are replaced.' },
    }
    const results: string[] = []
    const patient = await ModelApi.start(async ({ from, text }) => {
      if (from === 'person') return send
      results.push(text)
      const [, page] = /PENDING, not executed[\s\S]* (http\S+\/approvals\/[\w-]+)/.exec(text) ?? []
      if (page === undefined) return 'done'
      await approve(w, page)
      return send
    })
    try {
      for (const name of AT_THE_DESK) {
        const running = await startSignedIn(project, [name], environmentOf(w, patient))
        const { code, said } = await running.ended
        assert.equal(code, 0, said)
      }
    } finally {
      patient.stop()
    }
    const sent = results.map((text) => /Sent message \d+/.exec(text)?.[0])
    const expected = AT_THE_DESK.flatMap((_, i) => [undefined, `Sent message ${i + 1}`])
    assert.deepEqual(sent, expected, results.join('\n---\n'))
  })

  it('mcp-client.ts: a call waits for people, and is executed once', async () => {
    const running = await startSignedIn(project, ['mcp-client.ts'], environmentOf(w, model))
    const [, page = ''] = await running.says(/Waiting for approval by anyone in finance – (\S+)/)
    await approve(w, page)
    const { code, said } = await running.ended
    assert.equal(code, 0, said)
    assert.match(said, /^said .*three of five books/m)
    const [first, again, ...more] = said.match(/Sent message \S+/g) ?? []
    assert.ok(first !== undefined && first === again && more.length === 0, said)
    await assertClosed(w)
  })
})
