import type { Command } from 'commander'
import type { StoreCommandKit } from '../../module-command.ts'
import { onStore } from './on-store.ts'

/** `remit clock`: what the database knows of the time. */
export function clockCommand(kit: StoreCommandKit): Command {
  const { command } = kit
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
        onStore(kit, invoked, async (work) => (await import('../maintenance.ts')).acceptTime(work)),
      ),
    )
    .addCommand(
      command('confirm', 'Says that the clock is right after a long stop.', [
        'remit clock confirm',
      ]).action(async (_options: unknown, invoked: Command) =>
        onStore(kit, invoked, async (work) =>
          (await import('../maintenance.ts')).confirmTime(work),
        ),
      ),
    )
}
