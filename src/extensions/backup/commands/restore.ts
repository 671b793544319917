import type { Command } from 'commander'
import type { StoreCommandKit } from '../../module-command.ts'
import { onStore } from './on-store.ts'

interface RestoreOptions {
  readonly check?: true
  readonly inPlace?: true
  readonly ledger?: string
}

const load = () => import('../maintenance.ts')

/** `remit backup`: the whole database, while servers run. */
export function backupCommand(kit: StoreCommandKit): Command {
  return kit
    .command('backup', 'Writes a backup of the whole database, while servers run.', [
      'remit backup /var/backups/remit/monday   # with the settings of `remit serve`; keep master.key elsewhere',
    ])
    .argument('<directory>', 'new or empty')
    .action(async (path: string, _options: unknown, invoked: Command) =>
      onStore(kit, invoked, async (work, pathOf) => ({
        manifest: await (await load()).backUp(work, pathOf(path)),
      })),
    )
}

/** `remit restore`: a backup, into an empty database. */
export function restoreCommand(kit: StoreCommandKit): Command {
  return kit
    .command(
      'restore',
      'Restores a backup into an empty database. Nothing that was revoked works again.',
      [
        'remit restore /var/backups/remit/monday',
        'remit restore --check /var/backups/remit/monday   # only checks whether it can be restored here',
        'remit restore --in-place   # the database was restored by other means, such as PITR',
      ],
    )
    .argument('[directory]', 'a backup')
    .option('--check', 'check the backup, and change nothing')
    .option('--in-place', 'load nothing; end in this database what a restore ends')
    .option(
      '--ledger <directory>',
      'a later export of the ledger: also print what administrators did after the backup',
    )
    .action(async (path: string | undefined, how: RestoreOptions, invoked: Command) => {
      if ((path === undefined) !== (how.inPlace ?? false) || (how.inPlace && how.check))
        throw kit.usage('Name a backup, or use `--in-place`')
      await onStore(kit, invoked, async (work, pathOf) => {
        const { checkBackup, restore, restoreInPlace } = await load()
        if (path === undefined) return restoreInPlace(work)
        const ledger = how.ledger && pathOf(how.ledger)
        return (how.check ? checkBackup : restore)(work, { directory: pathOf(path), ledger })
      })
    })
}
