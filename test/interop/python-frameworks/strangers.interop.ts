import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { World } from '../../world.ts'
import { PythonProject } from '../python-sdk/installed.ts'
import { assertAskedOnce, worldForStrangers } from '../strangers.ts'

const KINDS = {
  client: ['FRAMEWORKS', 'the official client, 1.30'],
  client2: ['OPENAI', 'the official client, 2.3'],
  langchain: ['FRAMEWORKS', 'LangChain, at the defaults of `langchain-mcp-adapters`'],
  openai: ['OPENAI', 'the OpenAI Agents SDK'],
} as const

describe('clients in Python that know an address only: one conversation, three tools, one consent', () => {
  let w: World
  let projects: Readonly<Record<'FRAMEWORKS' | 'OPENAI', PythonProject>>
  before(async () => {
    w = await worldForStrangers()
    projects = {
      FRAMEWORKS: await PythonProject.make('FRAMEWORKS'),
      OPENAI: await PythonProject.make('OPENAI'),
    }
    for (const { folder } of Object.values(projects))
      for (const name of await readdir(import.meta.dirname))
        if (name.endsWith('.py')) await cp(join(import.meta.dirname, name), join(folder, name))
  })
  after(async () => {
    for (const project of Object.values(projects ?? {})) await project.remove()
    await w?.stop()
  })

  for (const [kind, [environment, name]] of Object.entries(KINDS))
    it(`${name}: a second run is the same agent, and asks nobody`, () =>
      assertAskedOnce(w, kind, (address) =>
        projects[environment].start(['stranger.py', kind, address]),
      ))
})
