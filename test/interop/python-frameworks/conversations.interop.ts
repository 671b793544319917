import assert from 'node:assert/strict'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { deskWorld } from '../../sdk/readme-story.ts'
import { approve } from '../../sdk/shops.ts'
import type { World } from '../../world.ts'
import { ModelApi } from '../model-api.ts'
import { PythonProject } from '../python-sdk/installed.ts'
import {
  addressesOf,
  assertRefundsOnce,
  environmentOf,
  startSignedIn,
} from '../refund-conversation.ts'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples', 'python')

describe('agents in frameworks for Python, with a model that follows a script', () => {
  let w: World
  let project: PythonProject
  let openai: PythonProject
  let model: ModelApi
  before(async () => {
    w = await deskWorld()
    model = await ModelApi.start()
    project = await PythonProject.make('FRAMEWORKS')
    openai = await PythonProject.make('OPENAI')
    for (const one of [project, openai]) {
      for (const folder of [EXAMPLES, import.meta.dirname])
        for (const name of await readdir(folder))
          if (name.endsWith('.py')) await cp(join(folder, name), join(one.folder, name))
      await cp(join(w.data, '..', 'refund-bot.jwk'), join(one.folder, 'refund-bot.jwk'))
    }
  })
  after(async () => {
    await project?.remove()
    await openai?.remove()
    model?.stop()
    await w?.stop()
  })

  const start = (framework: string) =>
    startSignedIn(project, ['converse.py', framework], addressesOf(w))

  for (const framework of ['langchain', 'pydantic'])
    it(`in ${framework}: what people have to approve, what was done before and what is denied are results of tools`, async () => {
      const running = await start(framework)
      await running.says(/said PENDING, not executed \(approval\.required\)/)
      const [, page = ''] = await running.says(/ at (\S+)\n/)
      await approve(w, page)
      running.tell('approved\n')
      await running.says(/said done: ref_1042_\d+/)
      await running.says(/said ALREADY (?:EXECUTED|UNDER WAY), not again/)
      await running.says(/said DENIED, not executed \(task\.not_covered\)/)
      const { code, said } = await running.ended
      assert.equal(code, 0, said)
    })

  it('in the OpenAI Agents SDK: the same, with the program as it is', () =>
    assertRefundsOnce(w, openai, ['openai_agent.py'], environmentOf(w, model)))

  it('in langchain: every session of its MCP client is the same task, and nobody is asked', async () => {
    const running = await start('mcp')
    const { code, said } = await running.ended
    assert.equal(code, 0, said)
    assert.match(said, /said read: [\s\S]*three of five books/)
  })
})
