import type { Command } from 'commander'
import type { Id } from '../../../platform/lib/id.ts'
import type { StoreCommandKit } from '../../module-command.ts'
import { onStore } from './on-store.ts'

const load = () => import('../maintenance.ts')

/** `remit export`: to another database, on either engine. */
export function exportCommand(kit: StoreCommandKit): Command {
  return kit
    .command('export', 'Takes the database out of service, and writes it to a directory.', [
      'remit export ./move --to dst_…   # stop all servers first',
    ])
    .argument('<directory>', 'new or empty')
    .requiredOption('--to <id>', 'the new database, as `remit import --prepare` says there')
    .action(async (path: string, { to }: { to: string }, invoked: Command) => {
      if (!isDestination(to))
        throw kit.usage(`\`${to}\` is not what \`remit import --prepare\` says`)
      await onStore(kit, invoked, async (work, pathOf) => ({
        manifest: await (await load()).exportMove(work, pathOf(path), to),
      }))
    })
}

/** `remit import`: what `remit export` wrote. */
export function importCommand(kit: StoreCommandKit): Command {
  return kit
    .command('import', 'Loads an export into an empty database, where its work goes on.', [
      'remit import --prepare   # first, with the settings of the new database',
      'remit import ./move',
    ])
    .argument('[directory]', 'an export for this database')
    .option('--prepare', 'print the id of this empty database, for `remit export --to`')
    .action(async (path: string | undefined, { prepare = false }, invoked: Command) => {
      if ((path === undefined) !== prepare) throw kit.usage('Name an export, or use `--prepare`')
      await onStore(kit, invoked, async (work, pathOf) => {
        const { importFrom, prepareForImport } = await load()
        if (path === undefined) return prepareForImport(work)
        return { manifest: await importFrom(work, pathOf(path)) }
      })
    })
}

function isDestination(text: string): text is Id<'destination'> {
  return /^dst_[\w-]{22}$/.test(text)
}
