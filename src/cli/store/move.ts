import type { Command } from 'commander'
import { command } from '../command.ts'
import { systemWorld } from '../system-world.ts'
import { maintain } from './maintain.ts'

/** `remit export` and `remit import`: to another database, on either engine. */
export const exportCommand = () =>
  moveCommand('export', 'Takes the database out of service, and writes it to a directory.')
export const importCommand = () =>
  moveCommand('import', 'Loads an export into an empty database, where its work goes on.')

function moveCommand(name: 'export' | 'import', says: string): Command {
  return command(name, says, [`remit ${name} ./move   # stop all servers first`])
    .argument('<directory>', name === 'export' ? 'new or empty' : 'an export')
    .action(async (path: string, _options: unknown, invoked: Command) =>
      maintain(systemWorld(), invoked, path, async (...given) => {
        const { exportMove, importFrom } = await import('../../maintenance.ts')
        return { manifest: await (name === 'export' ? exportMove : importFrom)(...given) }
      }),
    )
}
