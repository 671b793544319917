import type { Command } from 'commander'
import { command } from '../command.ts'
import { systemWorld } from '../system-world.ts'
import { maintain } from './maintain.ts'

/** `remit clock`: what the database knows of the time. */
export function clockCommand(): Command {
  return command(
    'clock',
    'Repairs a database that a server with a wrong clock has used, or confirms the clock.',
    [
      'remit clock accept   # stop all servers first, and set the clock right',
      'remit clock confirm  # a server asked for it at its start',
    ],
  )
    .addCommand(
      command('accept', 'Takes recorded time back to now, and ends what a restore ends.', [
        'remit clock accept',
      ]).action(async (_options: unknown, invoked: Command) =>
        maintain(systemWorld(), invoked, '.', async (parts) =>
          (await import('../../../maintenance.ts')).acceptTime(parts),
        ),
      ),
    )
    .addCommand(
      command('confirm', 'Says that the clock is right after a long stop.', [
        'remit clock confirm',
      ]).action(async (_options: unknown, invoked: Command) =>
        maintain(systemWorld(), invoked, '.', async (parts) =>
          (await import('../../../maintenance.ts')).confirmTime(parts),
        ),
      ),
    )
}
