import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { deskActions } from '../mcp/stranger.ts'
import { World } from '../world.ts'
import { EmptyProject } from './empty-project.ts'
import { ended, Reader, Readme } from './reader.ts'
import {
  agree,
  answerQuestion,
  approveTwice,
  assertAllRead,
  assertBlocks,
  buyer,
  deskWorld,
  runNightly,
  signInSam,
} from './readme-story.ts'
import { addRules } from './shops.ts'

// Every block of the README, saved as its title says and run in an empty project that has the package installed, against a Remit.

const README = await Readme.at(join(import.meta.dirname, '..', '..', 'sdk', 'README.md'))
const { commands: COMMANDS, files: FILES } = README
const PROGRAMS = README.programs('.ts')
const textOf = (title: string) => README.textOf(title)

/** Commands of the page that `EmptyProject` runs: build, pack, install. */
const INSTALL = [
  'npm run build:sdk                        # in the checkout: the package, in sdk/dist',
  'npm pack ./sdk/dist',
  'npm install ../remit/remit-sdk-0.1.0.tgz # in your project: wherever the checkout is',
]

const FRAMEWORKS = ['fastify.ts', 'express.ts', 'hono.ts', 'web.ts']
const SERVE_WEB = `import { createAdaptorServer } from '@hono/node-server'
import web from './web.ts'
createAdaptorServer(web).listen(7485, '127.0.0.1', () => console.log('ready'))
`

/** Each server in turn, called through `identifier`; with the first guard, the rules for it are added. */
async function callShops(
  w: World,
  { reader, project, identifier }: { reader: Reader; project: EmptyProject; identifier: string },
  env: Readonly<Record<string, string>> = {},
  titles: readonly string[] = FRAMEWORKS,
): Promise<void> {
  if (titles === FRAMEWORKS) await addRules(w, textOf('shop.cedar'))
  const { post, task: opened } = await buyer(w, reader, identifier)
  await using task = opened
  await project.write('serve-web.ts', reader.here(SERVE_WEB))
  for (const title of titles) {
    const server = await reader.start(title === 'web.ts' ? 'serve-web.ts' : title, env)
    reader.done.add(title)
    try {
      await server.says(/ready/)
      const answer = await task.fetch(`${identifier}/items/lamp/orders`, post)
      const seen = { by: 'refund-bot', for: 'sam', item: 'lamp', amount: '12.50' }
      assert.deepEqual(await answer.json(), seen, title)
      const past = await fetch(`${reader.shop}/items/lamp/orders`, post)
      assert.equal(past.status, 401, title)
    } finally {
      await server.stop()
    }
  }
}

describe('the README of the SDK', () => {
  const read = new Set<string>()
  let project: EmptyProject
  before(async () => {
    project = await EmptyProject.make()
    await project.link('@types/node', 'undici-types', 'fastify', 'express', '@types/express')
    await project.link('hono', '@hono/node-server')
    await project.link('@modelcontextprotocol/sdk', '@modelcontextprotocol/client')
  })
  after(async () => {
    await project?.remove()
  })

  it('has blocks of code and commands, and nothing else', () => {
    assertBlocks(README, ['ts', 'cedar', 'yaml'], INSTALL)
    read.add(COMMANDS[0] ?? '')
    assert.ok(FILES.size >= 15)
  })

  describe('with a Remit as `npm start` has it', () => {
    let w: World
    let reader: Reader
    before(async () => {
      w = await deskWorld()
      reader = await Reader.at({ project, readme: README, extension: '.ts' }, w)
    })
    after(async () => {
      for (const each of reader?.done ?? []) read.add(each)
      await w?.stop()
    })

    it('its blocks have the right types', async () => {
      const options = { module: 'nodenext', types: ['node'], skipLibCheck: true }
      const how = { ...options, allowImportingTsExtensions: true }
      assert.equal(await project.check(how, PROGRAMS), '')
      read.add('app.ts')
    })

    it('opens a task and calls', async () => {
      assert.match(await reader.run('call.ts'), /^tsk_\S+ 200 1042$/m)
    })

    it('works for a person who signed in once, and asks one who is not here', async () => {
      // A consent that covers a question answers it, so what Sam allowed before ends.
      const asking = await w.withoutConsents('sam', async () => {
        const begun = await reader.start('ask.ts')
        await begun.says(/asked /)
        await answerQuestion(w)
        return begun
      })
      const running = await reader.start('signed-in.ts')
      await signInSam(running)
      assert.match(await ended(running), /^1042 200\n1043 200$/m)
      assert.match(await ended(asking), /^answered 200$/m)
    })

    it('waits for people who approve, in both ways', async () => {
      const running = await reader.start('approval.ts')
      await approveTwice(w, running)
      assert.match(await ended(running), /already (?:answered|sending)/)
      assert.match(await reader.run('tool.ts'), /^PENDING, not executed \(approval\.required\)/m)
    })

    it('calls another agent in', async () => {
      await reader.agent('helper')
      assert.match(await reader.run('child.ts'), /child 200/)
    })

    it('works while nobody is there', async () => {
      assert.match(await runNightly(reader, 'nightly.ts'), /nightly 200/)
    })

    it('speaks MCP as a task', async () => {
      assert.match(await reader.run('mcp-task.ts'), /tools read_note,search_notes/)
    })

    it('speaks MCP with nothing but the address', async () => {
      const { id } = await w.person('ada')
      await addAdmissionRule(w.rooms.agents, {
        name: 'this-computer',
        redirectHosts: ['localhost'],
        trust: 2,
        ceiling: deskActions(w),
        ownerId: id,
        by: id,
      })
      const running = await reader.start('mcp-address.ts')
      const [, page = ''] = await running.says(/please sign in: (\S+)/)
      const sam = await w.browser('sam')
      await sam.submit(await sam.get(page), /^grant$/)
      assert.match(await ended(running), /tools \S*search_notes/)
    })

    it('tells a refusal, and what would have been enough', async () => {
      assert.match(await reader.run('errors.ts'), /^task\.not_covered dec_\S+\n.*1043/m)
    })

    it('protects an API behind the gateway, in every framework', async () => {
      assert.match(await reader.command('--upstream'), /shop/)
      reader.done.add('guard.ts')
      await callShops(w, { reader, project, identifier: `${w.gateway}/shop` })
    })

    it('remembers used permits together, and says where tokens come from', async () => {
      const check = `import { usedOnce } from './used-once.ts'
import { app } from './metadata.ts'
const used = [await usedOnce.use('dec_1', 1), await usedOnce.use('dec_1', 1), await usedOnce.use('dec_2', 1)]
const answer = await app.request('/.well-known/oauth-protected-resource')
console.log(used.join(), (await answer.json()).resource)
`
      await project.write('check.ts', check)
      assert.match(await reader.run('check.ts'), new RegExp(`true,false,true ${reader.shop}\\n`))
      read.add('used-once.ts').add('metadata.ts')
    })
  })

  describe('with a Remit that nobody has agreed to anything at', () => {
    let w: World
    let reader: Reader
    before(async () => {
      w = await World.start('sqlite', { consented: false })
      reader = await Reader.at({ project, readme: README, extension: '.ts' }, w)
    })
    after(async () => {
      for (const each of reader?.done ?? []) read.add(each)
      await w?.stop()
    })

    it('waits for the person to agree', async () => {
      const running = await reader.start('consent.ts')
      await agree(w, running)
      assert.match(await ended(running), /agreed tsk_/)
    })

    it('protects an API that is called directly, in every framework', async () => {
      const [REMIT_SECRET = ''] = /enf_[\w-]{43}/.exec(await reader.command('--direct')) ?? []
      assert.ok(REMIT_SECRET)
      await reader.save('guard-direct.ts', 'guard.ts')
      reader.done.add('guard-direct.ts')
      const shops = { reader, project, identifier: reader.shop }
      await callShops(w, shops, { REMIT_SECRET })
      await reader.save('guard-in-process.ts', 'guard.ts')
      reader.done.add('guard-in-process.ts')
      await callShops(w, shops, { REMIT_SECRET }, ['fastify.ts'])
    })
  })

  it('and that was all of it', () => {
    assertAllRead(README, read)
  })
})
