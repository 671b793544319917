import { resolve } from 'node:path'
import type { StoreCommandKit } from '../../../extensions/module-command.ts'
import type { Text } from '../../../platform/lib/terminal/text.ts'
import { type CommonOptions, hasColour } from '../cli.ts'
import { command } from '../command.ts'
import { usage } from '../failure.ts'
import { readRelease } from '../installation.ts'
import { systemWorld } from '../system-world.ts'

/** Means by which modules make commands that work on the store. */
export const STORE_COMMAND_KIT: StoreCommandKit = {
  command,
  usage,
  async run(invoked, work, lines) {
    const world = systemWorld()
    const { readSettings } = await import('../../config/settings.ts')
    const settings = readSettings(world.environment)
    const { storeGround } = await import('../../../maintenance.ts')
    const { clock, random } = world
    const store = storeGround({ settings, clock, random, release: (await readRelease()).version })
    const { json = false } = invoked.optsWithGlobals<CommonOptions>()
    const say = (line: Text) => world.talk.write(`${line.render(hasColour(world, world.talk))}\n`)
    const path = (given: string) => resolve(world.directory, given)
    const done = await work(store, { say, path })
    if (json) return world.output.write(`${JSON.stringify(done, null, 2)}\n`)
    for (const line of await lines(done)) say(line)
  },
}
