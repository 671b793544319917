import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Project } from '../../sdk/project.ts'
import type { World } from '../../world.ts'
import { assertAskedOnce, worldForStrangers } from '../strangers.ts'

class NodeProject extends Project {
  static async make(): Promise<NodeProject> {
    const project = new NodeProject(await mkdtemp(join(tmpdir(), 'remit-node-')), process.execPath)
    await mkdir(project.folder)
    return project
  }
}

describe('clients in JavaScript that know an address only: one conversation, three tools, one consent', () => {
  let w: World
  let project: NodeProject
  before(async () => {
    w = await worldForStrangers()
    project = await NodeProject.make()
  })
  after(async () => {
    await project?.remove()
    await w?.stop()
  })

  it('the AI SDK: a second run is the same agent, and asks nobody', () => {
    const program = join(process.env.REMIT_INTEROP_NODE_FRAMEWORKS ?? '', 'vercel.mjs')
    return assertAskedOnce(w, 'vercel', (address) => project.start([program, address]))
  })
})
