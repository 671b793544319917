import { resolve } from 'node:path'
import type { Command } from 'commander'
import type {
  ConfirmedClock,
  MoveDestination,
  RestoreReport,
} from '../../../extensions/backup/index.ts'
import type { MaintenanceParts } from '../../../maintenance.ts'
import { dim, type Text } from '../../../platform/lib/terminal/text.ts'
import { type CommonOptions, hasColour } from '../cli.ts'
import { readRelease } from '../installation.ts'
import type { World } from '../world.ts'

type Work = (
  parts: MaintenanceParts,
  path: string,
) => Promise<Partial<RestoreReport & ConfirmedClock & MoveDestination>>

/** Runs work on the store that the settings in the environment name, and prints the result. */
export async function maintain(world: World, invoked: Command, path: string, work: Work) {
  const { readSettings } = await import('../../config/settings.ts')
  const { json = false } = invoked.optsWithGlobals<CommonOptions>()
  const say = (line: Text) => world.talk.write(`${line.render(hasColour(world, world.talk))}\n`)
  const parts: MaintenanceParts = {
    settings: readSettings(world.environment),
    ...{ clock: world.clock, random: world.random, release: (await readRelease()).version },
    onTable: ({ name, rows }) => void (rows > 0 && say(dim(`  ${name}: ${rows}`))),
    onError: (error) => say(dim(`  ${String(error)}`)),
  }
  const done = await work(parts, resolve(world.directory, path))
  if (json) return world.output.write(`${JSON.stringify(done, null, 2)}\n`)
  const { reportLines } = await import('../../../extensions/backup/index.ts')
  for (const line of reportLines(done)) say(line)
}
