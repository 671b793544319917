import assert from 'node:assert/strict'
import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { World } from '../world.ts'
import { EmptyProject } from './empty-project.ts'

const SDK = join(import.meta.dirname, '..', '..', 'sdk')
const CONSUMERS = join(import.meta.dirname, 'consumers')
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g
/** Names that only Node has. */
const OF_NODE = /\bnode:|\brequire\s*\(|\bBuffer\b|\b__dirname\b|\bprocess\./

describe('the package of the SDK', () => {
  let project: EmptyProject
  let installed: string
  before(async () => {
    project = await EmptyProject.make()
    installed = join(project.folder, 'node_modules', 'remit-sdk')
    for (const name of await readdir(CONSUMERS))
      await cp(join(CONSUMERS, name), join(project.folder, name))
  })
  after(async () => {
    await project?.remove()
  })

  const filesOf = async (folder: string, ends: string) =>
    (await readdir(join(installed, folder), { recursive: true })).filter((name) =>
      name.endsWith(ends),
    )
  const read = (name: string) => readFile(join(installed, name), 'utf8')

  it('depends on jose and nothing else', async () => {
    const manifest = JSON.parse(await read('package.json'))
    assert.deepEqual(Object.keys(manifest.dependencies), ['jose'])
    for (const kind of ['peerDependencies', 'optionalDependencies', 'bundleDependencies'])
      assert.equal(manifest[kind], undefined, kind)
    assert.equal(manifest.scripts, undefined)
    const { said } = await project.npm('ls', '--all', '--parseable')
    assert.deepEqual(
      said
        .trim()
        .split('\n')
        .slice(1)
        .map((path) => path.split(/[\\/]/).at(-1)),
      ['jose', 'remit-sdk'],
    )
  })

  it('imports jose and its own files, and nothing that only Node has', async () => {
    for (const [folder, ends] of [
      ['src', '.ts'],
      ['lib', '.js'],
      ['lib', '.d.ts'],
    ] as const) {
      const files = await filesOf(folder, ends)
      assert.ok(files.length > 20, folder)
      for (const file of files) {
        const text = await read(join(folder, file))
        for (const [, specifier = ''] of text.matchAll(SPECIFIER)) {
          const own = specifier.startsWith('.')
          assert.ok(own || specifier === 'jose', `${file} imports ${specifier}`)
          if (own && folder === 'lib') assert.match(specifier, /\.js$/, file)
        }
        assert.doesNotMatch(withoutComments(text), OF_NODE, file)
      }
    }
  })

  it('has every entry as JavaScript with types, and maps that lead to its own sources', async () => {
    const manifest = JSON.parse(await read('package.json'))
    assert.equal(manifest.private, undefined)
    const workspace = JSON.parse(await readFile(join(SDK, 'package.json'), 'utf8'))
    const { './package.json': _, ...entries } = manifest.exports
    assert.deepEqual(Object.keys(entries), Object.keys(workspace.exports))
    // Of the schemas, which are JSON, there is no types entry.
    const code = Object.entries<Record<string, string>>(entries).filter(
      ([name]) => !name.includes('*'),
    )
    for (const [, entry] of code)
      for (const path of [entry.types, entry.default]) assert.ok((await read(path ?? '')).length)
    const schemas: unknown = entries['./schemas/*.json']
    assert.equal(schemas, './src/schemas/*.json')
    for (const name of ['task-token', 'resource-token', 'transaction-token', 'introspection'])
      assert.ok((await read(String(schemas).replace('*', name))).includes('$schema'))
    for (const file of await filesOf('lib', '.map')) {
      const { sources } = JSON.parse(await read(join('lib', file)))
      assert.equal(sources.length, 1, file)
      assert.ok((await read(join('lib', file, '..', sources[0]))).length, file)
    }
    assert.match(await read('LICENSE'), /Apache License/)
    assert.match(await read('README.md'), /^# remit-sdk\n/)
    assert.deepEqual((await filesOf('.', '.test.ts')).concat(await filesOf('.', '.test.js')), [])
  })

  it('type-checks in projects of different kinds', async () => {
    const dom = { lib: ['esnext', 'dom', 'dom.iterable'] }
    assert.equal(await project.check({ ...dom, module: 'nodenext' }, ['types.ts']), '')
    const bundler = { module: 'esnext', moduleResolution: 'bundler' }
    assert.equal(await project.check({ ...dom, ...bundler }, ['types.ts']), '')
    // On a server, with the types of Node and none of browsers.
    await project.link('@types/node', 'undici-types')
    const server = { module: 'nodenext', lib: ['esnext'], types: ['node'] }
    assert.equal(await project.check(server, ['types.ts']), '')
    await project.link('fastify', 'express', '@types/express', 'hono')
    await project.link('@modelcontextprotocol/client', '@modelcontextprotocol/sdk')
    // The types of others are theirs.
    const lenient = { ...server, skipLibCheck: true }
    assert.equal(await project.check(lenient, ['frameworks.ts']), '')
    const exact = { ...lenient, exactOptionalPropertyTypes: true, verbatimModuleSyntax: true }
    assert.equal(await project.check(exact, ['types.ts']), '')
  })

  describe('with a Remit', () => {
    let world: World
    before(async () => {
      world = await World.start('sqlite')
    })
    after(async () => {
      await world?.stop()
    })

    const agent = async () => ({
      ISSUER: world.issuer,
      ORDERS: world.orders,
      AGENT_KEY: JSON.stringify(world.agent.key.privateJwk),
      ID_TOKEN: await world.idToken('sam'),
    })
    const wanted = {
      status: 200,
      order: '1042',
      refused: 'task.not_covered',
      closed: 'task.closed',
      failed: false,
    }

    it('works on Node', async () => {
      const { code, out, said } = await project.run(['agent.mjs'], await agent())
      assert.equal(code, 0, said)
      assert.deepEqual(JSON.parse(out), wanted)
    })

    it('works where there is nothing of Node', async () => {
      const options = ['--experimental-vm-modules', 'web-only.mjs']
      const { code, out, said } = await project.run(options, await agent())
      assert.equal(code, 0, said)
      assert.deepEqual(JSON.parse(out), wanted)
    })
  })
})

/** Comments may speak of what code may not use. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}
