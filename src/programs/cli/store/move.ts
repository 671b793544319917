import type { Command } from 'commander'
import type { Id } from '../../../platform/lib/id.ts'
import { command } from '../command.ts'
import { usage } from '../failure.ts'
import { systemWorld } from '../system-world.ts'
import { maintain } from './maintain.ts'

const load = () => import('../../../maintenance.ts')

/** `remit export`: to another database, on either engine. */
export function exportCommand(): Command {
  return command('export', 'Takes the database out of service, and writes it to a directory.', [
    'remit export ./move --to dst_…   # stop all servers first',
  ])
    .argument('<directory>', 'new or empty')
    .requiredOption('--to <id>', 'the new database, as `remit import --prepare` says there')
    .action(async (path: string, { to }: { to: string }, invoked: Command) => {
      if (!isDestination(to)) throw usage(`\`${to}\` is not what \`remit import --prepare\` says`)
      await maintain(systemWorld(), invoked, path, async (parts, directory) => ({
        manifest: await (await load()).exportMove(parts, directory, to),
      }))
    })
}

/** `remit import`: what `remit export` wrote. */
export function storeImportCommand(): Command {
  return command('import', 'Loads an export into an empty database, where its work goes on.', [
    'remit import --prepare   # first, with the settings of the new database',
    'remit import ./move',
  ])
    .argument('[directory]', 'an export for this database')
    .option('--prepare', 'print the id of this empty database, for `remit export --to`')
    .action(async (path: string | undefined, { prepare = false }, invoked: Command) => {
      if ((path === undefined) !== prepare) throw usage('Name an export, or use `--prepare`')
      await maintain(systemWorld(), invoked, path ?? '.', async (parts, directory) => {
        const { importFrom, prepareForImport } = await load()
        if (prepare) return prepareForImport(parts)
        return { manifest: await importFrom(parts, directory) }
      })
    })
}

function isDestination(text: string): text is Id<'destination'> {
  return /^dst_[\w-]{22}$/.test(text)
}
