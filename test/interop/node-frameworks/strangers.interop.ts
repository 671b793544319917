import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { World } from '../../world.ts'
import { NodeProject } from '../npm.ts'
import { assertAskedOnce, worldForStrangers } from '../strangers.ts'

describe('clients in JavaScript that know an address only: one conversation, three tools, one consent', () => {
  let w: World
  let project: NodeProject
  before(async () => {
    w = await worldForStrangers()
    project = await NodeProject.make(process.env.REMIT_INTEROP_NODE_FRAMEWORKS ?? '')
    await cp(join(import.meta.dirname, 'vercel.mjs'), join(project.folder, 'vercel.mjs'))
  })
  after(async () => {
    await project?.remove()
    await w?.stop()
  })

  it('the AI SDK: a second run is the same agent, and asks nobody', () =>
    assertAskedOnce(w, 'vercel', (address) => project.start(['vercel.mjs', address])))
})
