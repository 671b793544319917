import assert from 'node:assert/strict'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { checkTypes } from '../../sdk/empty-project.ts'
import { World } from '../../world.ts'
import { ModelApi } from '../model-api.ts'
import { NodeProject } from '../npm.ts'
import { assertRefundsOnce, environmentOf } from '../refund-conversation.ts'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples', 'typescript')
const COMPILER = {
  ...{ module: 'nodenext', types: ['node'], skipLibCheck: true },
  allowImportingTsExtensions: true,
}

describe('an agent in the Claude Agent SDK, with a model that follows a script', () => {
  let w: World
  let model: ModelApi
  let project: NodeProject
  before(async () => {
    w = await World.start('sqlite', { nonces: 'auto' })
    model = await ModelApi.start()
    project = await NodeProject.make(process.env.REMIT_INTEROP_CLAUDE_AGENT ?? '')
    for (const name of ['sign-in.ts', 'orders.ts', 'claude-agent.ts'])
      await cp(join(EXAMPLES, name), join(project.folder, name))
    await cp(join(import.meta.dirname, 'alone.mjs'), join(project.folder, 'alone.mjs'))
    await cp(join(w.data, '..', 'refund-bot.jwk'), join(project.folder, 'refund-bot.jwk'))
  })
  after(async () => {
    await project?.remove()
    model?.stop()
    await w?.stop()
  })

  it('the example has the right types', async () => {
    assert.equal(await checkTypes(project, COMPILER, ['claude-agent.ts']), '')
  })

  it('what people have to approve, what was done before and what is denied are results of tools', async () => {
    const home = join(project.folder, 'home')
    await mkdir(home)
    const env = {
      ...environmentOf(w, model),
      ...{ HOME: home, CLAUDE_CONFIG_DIR: home, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
    }
    const args = ['alone.mjs', 'claude-agent.ts', Object.keys(env).join()]
    await assertRefundsOnce(w, project, args, env)
  })
})
