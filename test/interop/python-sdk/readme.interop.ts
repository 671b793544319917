import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ended, Reader, Readme } from '../../sdk/reader.ts'
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
} from '../../sdk/readme-story.ts'
import { addRules } from '../../sdk/shops.ts'
import { World } from '../../world.ts'
import { PythonProject } from './installed.ts'
import { SOURCE } from './wheel.ts'

// Every block of the README, saved as its title says and run in a folder with the package installed, against a Remit.

const readme = await Readme.at(join(SOURCE, 'README.md'))

const INSTALL = [
  'pip wheel --no-deps ../remit/sdk-python       # wherever the checkout is',
  'pip install remit_sdk-0.1.0-py3-none-any.whl',
]

const REDACTING = `@id("redact-shop") @redact("/by")
permit (principal in Group::"support", action, resource == Resource::"shop");`

/** The shop with one of its guards, called through `identifier`. */
async function callShop(
  w: World,
  {
    as,
    by = 'refund-bot',
    identifier,
    reader,
  }: { reader: Reader; identifier: string; as: string; by?: string },
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  reader.done.add(as)
  const { post, task: opened } = await buyer(w, reader, identifier)
  await using task = opened
  await reader.save(as, 'guard.py')
  const server = await reader.start('shop.py', env)
  try {
    await server.says(/running on/)
    const answer = await task.fetch(`${identifier}/items/lamp/orders`, post)
    const seen = { by, for: 'sam', item: 'lamp', amount: '12.50' }
    assert.deepEqual(await answer.json(), seen, as)
    for (const path of ['/items/lamp/orders', '/openapi.json', '/items/a%2Fb/orders'])
      assert.ok([400, 401, 404].includes((await fetch(reader.shop + path, post)).status), path)
  } finally {
    await server.stop()
  }
}

for (const environment of ['OLDEST', 'NEWEST'] as const)
  describe(`the README for Python, with the ${environment.toLowerCase()} of everything`, () => {
    const read = new Set<string>(['app.py'])
    let project: PythonProject
    before(async () => {
      project = await PythonProject.make(environment)
    })
    after(() => project?.remove())

    it('has blocks of code and commands, and nothing else', () => {
      assertBlocks(readme, ['python', 'cedar', 'yaml'], INSTALL)
      read.add(readme.commands[0] ?? '')
    })

    if (environment === 'NEWEST')
      it('its blocks have the right types', async () => {
        const titles = readme.programs('.py')
        for (const title of titles) await project.write(title, readme.textOf(title))
        const cache = ['--cache-dir', join(project.folder, 'types')]
        const ran = await project.tool('mypy', ['--strict', ...cache, ...titles])
        assert.equal(ran.code, 0, ran.said)
      })

    describe('with a Remit as `npm start` has it', () => {
      let w: World
      let reader: Reader
      before(async () => {
        w = await deskWorld()
        reader = await Reader.at({ project, readme, extension: '.py' }, w)
      })
      after(async () => {
        for (const each of reader?.done ?? []) read.add(each)
        await w?.stop()
      })

      let asking: Awaited<ReturnType<Reader['start']>>
      it('asks a person who is not here', async () => {
        // A consent that covers a question answers it, so what Sam allowed before ends.
        asking = await w.withoutConsents('sam', async () => {
          const begun = await reader.start('ask.py')
          await begun.says(/asked /)
          await answerQuestion(w)
          return begun
        })
      })

      it('and goes on when the person has answered', async () => {
        assert.match(await ended(asking), /^answered 200$/m)
      })

      it('opens a task and calls, sync and async', async () => {
        assert.match(await reader.run('call.py'), /^tsk_\S+ 1042$/m)
        assert.match(await reader.run('call_async.py'), /^200 1042$/m)
      })

      it('calls with clients of other libraries', async () => {
        assert.match(await reader.run('own_client.py'), /^httpx2 200\nhttpx 200$/m)
        assert.match(await reader.run('with_requests.py'), /^requests 200$/m)
      })

      it('waits for people who approve, in both ways', async () => {
        const running = await reader.start('approval.py')
        await approveTwice(w, running)
        assert.match(await ended(running), /already (?:answered|sending)/)
        assert.match(await reader.run('tool.py'), /^PENDING, not executed \(approval\.required\)/m)
      })

      it('calls another agent in', async () => {
        await reader.agent('helper')
        assert.match(await reader.run('child.py'), /child 200/)
      })

      it('works while nobody is there', async () => {
        assert.match(await runNightly(reader, 'nightly.py'), /nightly 200/)
      })

      it('works for a person who signed in once', async () => {
        const running = await reader.start('signed_in.py')
        await signInSam(running)
        assert.match(await ended(running), /^1042 200\n1043 200$/m)
      })

      it('speaks MCP as a task', async () => {
        assert.match(await reader.run('mcp_task.py'), /^tools read_note,search_notes\nFalse dec_/m)
      })

      it('protects an API behind the gateway', async () => {
        assert.match(await reader.command('--upstream'), /shop/)
        await addRules(w, readme.textOf('shop.cedar'))
        for (const as of ['guard.py', 'guard_inside.py'])
          await callShop(w, { reader, identifier: `${w.gateway}/shop`, as })
      })

      it('remembers used permits together, and says where tokens come from', async () => {
        assert.match(await reader.run('used_once.py'), /^True False True$/m)
        assert.match(await reader.run('metadata.py'), /^\/\.well-known\/oauth-protected-resource\n/)
      })

      it('tells a refusal, and what would have been enough', async () => {
        assert.match(await reader.run('errors.py'), /^task\.not_covered dec_\S+\nDENIED.*\n.*1043/m)
      })
    })

    describe('with a Remit that nobody has agreed to anything at', () => {
      let w: World
      let reader: Reader
      before(async () => {
        w = await World.start('sqlite', { consented: false })
        reader = await Reader.at({ project, readme, extension: '.py' }, w)
      })
      after(async () => {
        for (const each of reader?.done ?? []) read.add(each)
        await w?.stop()
      })

      it('waits for the person to agree', async () => {
        const running = await reader.start('consent.py')
        await agree(w, running)
        assert.match(await ended(running), /agreed tsk_/)
      })

      it('protects an API that is called directly, asking and by token alone', async () => {
        const [REMIT_SECRET = ''] = /enf_[\w-]{43}/.exec(await reader.command('--direct')) ?? []
        assert.ok(REMIT_SECRET)
        await addRules(w, readme.textOf('shop.cedar'))
        for (const title of ['guard_direct.py', 'guard_token.py'])
          await callShop(w, { reader, identifier: reader.shop, as: title }, { REMIT_SECRET })
        await addRules(w, REDACTING)
        const redacted = {
          reader,
          identifier: reader.shop,
          as: 'guard_direct.py',
          by: '[redacted]',
        }
        await callShop(w, redacted, { REMIT_SECRET })
      })
    })

    it('is what the guide says, too', async () => {
      const guide = await readFile(join(SOURCE, '..', 'docs', 'guides', 'python.md'), 'utf8')
      const blocks = [...guide.matchAll(/^ +```python title=(\S+)\n([\s\S]*?)^ +```$/gm)]
      assert.ok(blocks.length >= 2)
      for (const [, title = '', text = ''] of blocks)
        assert.equal(text.replaceAll(/^ {3}/gm, ''), readme.textOf(title))
    })

    it('and that was all of it', () => {
      assertAllRead(readme, read)
    })
  })
