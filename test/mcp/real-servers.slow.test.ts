import assert from 'node:assert/strict'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import {
  Client as NextClient,
  StreamableHTTPClientTransport as NextTransport,
} from '@modelcontextprotocol/client'
import { inOneWorld } from '../world.ts'
import { bridgeTo, type RealServer, startEverything } from './bridge.ts'
import { Place, wordsOf } from './place.ts'

inOneWorld('real MCP servers behind the gateway', (world) => {
  const servers: RealServer[] = []
  let directory = ''
  let everything: Place
  let files: Place
  let memory: Place

  before(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'remit-mcp-')))
    await writeFile(join(directory, 'a.txt'), 'the content of a')
    servers.push(
      await startEverything(),
      await bridgeTo('server-filesystem', [directory]),
      await bridgeTo('server-memory', [], { MEMORY_FILE_PATH: join(directory, 'memory.jsonl') }),
    )
    const [one, two, three] = servers
    everything = await Place.add(world(), { name: 'everything', url: one?.url ?? '' })
    files = await Place.add(world(), { name: 'files', url: two?.url ?? '' })
    memory = await Place.add(world(), { name: 'memory', url: three?.url ?? '' })
  })
  after(async () => {
    for (const server of servers) await server.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('everything: tools, structured results, progress, prompts, resources', async () => {
    const client = await everything.connect(await everything.open())
    const { tools } = await client.listTools()
    const names = tools.map(({ name }) => name)
    assert.ok(names.includes('echo') && names.includes('get-sum'), names.join())
    assert.match(
      wordsOf(await client.callTool({ name: 'echo', arguments: { message: 'hi' } })),
      /hi/,
    )
    assert.match(
      wordsOf(await client.callTool({ name: 'get-sum', arguments: { a: 2, b: 40 } })),
      /42/,
    )
    const steps: number[] = []
    const long = { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } }
    await client.callTool(long, undefined, { onprogress: ({ progress }) => steps.push(progress) })
    assert.ok(steps.length > 1, steps.join())
    const { prompts } = await client.listPrompts()
    const simple = prompts.find(({ arguments: args }) => !args?.length)
    assert.ok(simple)
    assert.ok((await client.getPrompt({ name: simple.name })).messages.length > 0)
    const { resources } = await client.listResources()
    assert.ok(resources.length > 0)
    const read = await client.readResource({ uri: resources[0]?.uri ?? '' })
    assert.equal(read.contents.length, 1)
  })

  it('filesystem: reads and writes within the bounds of the task', async () => {
    const [file] = ['a.txt'].map((name) => join(directory, name))
    const read = files.actions.filter((name) => /read-text-file$/.test(name))
    const bounds = [{ path: '/path', op: 'eq', value: file }]
    const client = await files.connect(await files.open(files.details(read, bounds)))
    const { tools } = await client.listTools()
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['read_text_file'],
    )
    const good = await client.callTool({ name: 'read_text_file', arguments: { path: file } })
    assert.match(wordsOf(good), /the content of a/)
    const other = join(directory, 'memory.jsonl')
    const bad = await client.callTool({ name: 'read_text_file', arguments: { path: other } })
    assert.equal(bad.isError, true)
    assert.match(wordsOf(bad), /^Not executed: /)

    const wide = await files.connect(await files.open())
    const path = join(directory, 'b.txt')
    await wide.callTool({ name: 'write_file', arguments: { path, content: 'written' } })
    assert.equal(await readFile(path, 'utf8'), 'written')
  })

  it('memory: nested arguments arrive as they were', async () => {
    const client = await memory.connect(await memory.open())
    const entities = [{ name: 'Sam', entityType: 'person', observations: ['likes orders'] }]
    await client.callTool({ name: 'create_entities', arguments: { entities } })
    assert.match(wordsOf(await client.callTool({ name: 'read_graph' })), /likes orders/)
  })

  it('the next official client speaks the same', async () => {
    const client = new NextClient({ name: 'next', version: '1' })
    const transport = new NextTransport(new URL(everything.identifier), {
      fetch: await everything.fetch(await everything.open()),
    })
    await client.connect(transport)
    const { tools } = await client.listTools()
    assert.ok(tools.length > 0)
    const said = await client.callTool({ name: 'echo', arguments: { message: 'again' } })
    assert.match(wordsOf(said), /again/)
    await client.close()
  })
})
