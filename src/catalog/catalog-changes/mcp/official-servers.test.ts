import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { typeArguments } from '../../argument-types/type-arguments.ts'
import type { ImportPlan } from '../plan-resource.ts'
import { planMcpImport } from './plan-mcp-import.ts'
import { actionNamed, DESK_OPTIONS, fromWire, serverWith } from './testing.ts'

const PACKAGES = join(import.meta.dirname, '../../../../node_modules/@modelcontextprotocol')

/** Plans the import of the real server of this name, which the official client describes. */
async function planOf(name: string, ...args: readonly string[]): Promise<ImportPlan> {
  const program = join(PACKAGES, `server-${name}`, 'dist', 'index.js')
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [program, ...args],
      stderr: 'ignore',
    }),
  )
  try {
    const { prompts, resources } = client.getServerCapabilities() ?? {}
    const { tools } = await client.listTools()
    const description = serverWith({
      tools,
      prompts: prompts ? (await client.listPrompts()).prompts : [],
      ...(resources
        ? {
            resources: (await client.listResources()).resources,
            resourceTemplates: (await client.listResourceTemplates()).resourceTemplates,
          }
        : {}),
    })
    return planMcpImport(description, { ...DESK_OPTIONS, name })
  } finally {
    await client.close()
  }
}

function classes({ actions }: ImportPlan, risk: string): readonly string[] {
  return actions.filter((action) => action.risk === risk).map(({ path }) => path)
}

it('the official `filesystem` server is typed whole, its paths as paths', async () => {
  const plan = await planOf('filesystem', PACKAGES)
  assert.equal(plan.actions.length, 14)
  assert.ok(plan.actions.every(({ untyped }) => untyped.length === 0))
  assert.deepEqual(classes(plan, 'high'), ['edit_file', 'move_file', 'write_file'])
  assert.deepEqual(classes(plan, 'medium'), ['create_directory'])
  const write = actionNamed(plan, 'filesystem.write-file')
  const call = (path: string) =>
    typeArguments(write, {
      path: new Map(),
      query: [],
      body: fromWire({ path, content: 'x' }),
    }).ok
  assert.ok(call('/reports/today.txt'))
  assert.ok(!call('/reports/../etc/passwd'))
})

it('the official `memory` server: reading, adding and deleting are told apart', async () => {
  const plan = await planOf('memory')
  assert.deepEqual(classes(plan, 'high'), [
    'delete_entities',
    'delete_observations',
    'delete_relations',
  ])
  assert.deepEqual(classes(plan, 'low'), [
    'open_nodes',
    'read_graph',
    'search_nodes',
    'resources/read',
  ])
  assert.ok(plan.actions.every(({ untyped }) => untyped.length === 0))
  const create = actionNamed(plan, 'memory.create-entities')
  const entities = [{ name: 'a', entityType: 'b', observations: ['c'] }]
  const given = (body: object) =>
    typeArguments(create, { path: new Map(), query: [], body: fromWire(body) }).ok
  assert.ok(given({ entities }))
  assert.ok(!given({ entities: [{ name: 'a' }] }))
})

it('the official `everything` server: prompts, resources, and a tool that cannot be called', async () => {
  const plan = await planOf('everything', 'stdio')
  const kinds = Map.groupBy(plan.actions, ({ method }) => method)
  assert.ok((kinds.get('tools/call')?.length ?? 0) > 10)
  assert.equal(kinds.get('prompts/get')?.length, 4)
  assert.equal(kinds.get('resources/read')?.length, 1)
  assert.match(plan.notes.join('\n'), /simulate-research-query" is left out/)
  const read = actionNamed(plan, 'everything.read-resource')
  const listed: Record<string, unknown[]> = JSON.parse(read.definition?.json ?? '')
  assert.ok((listed.resources?.length ?? 0) > 0)
  assert.equal(listed.resourceTemplates?.length, 2)
  for (const { definition } of plan.actions) assert.doesNotMatch(definition?.json ?? '', /_meta/)
})
