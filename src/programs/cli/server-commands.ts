import { type Command, InvalidArgumentError } from 'commander'
import type { CommonOptions } from './cli.ts'
import { command } from './command.ts'
import { systemWorld } from './system-world.ts'

/** `remit dev`: everything on this machine. */
export function devCommand(): Command {
  return command('dev', 'Everything on this machine, to try it out.', [
    'remit dev',
    'remit dev --reset   # start over: removes the kept state',
  ])
    .option('--reset', 'remove the kept state and start over')
    .option('--yes', 'with --reset: do not ask')
    .option('--port <number>', 'first of the ports to use', readPort)
    .action(async (given: { port?: number; reset?: boolean; yes?: boolean }) => {
      const { dev } = await import('./dev.ts')
      await dev(given, systemWorld())
    })
}

/** `remit serve`: the server, by its settings. */
export function serveCommand(): Command {
  return command('serve', 'The server. Its settings: docs/configuration.md.', [
    'REMIT_ISSUER=https://remit.example.com REMIT_GATEWAY=https://gateway.example.com remit serve',
    'remit serve --migrate   # also brings an older database up to date',
  ])
    .option('--migrate', 'bring an older database up to date first (an empty one always is)')
    .action(async (given: { migrate?: boolean }) => {
      const { serve } = await import('./serve.ts')
      await serve(given)
    })
}

/** `remit migrate`: brings the schema of the store up to date. */
export function migrateCommand(): Command {
  return command('migrate', 'Brings the database up to date, before a new version.', [
    'DATABASE_URL=postgres://… remit migrate --plan',
    'DATABASE_URL=postgres://… remit migrate',
  ])
    .option('--plan', 'only say what would run, and which servers can go on meanwhile')
    .action(async ({ plan = false }: { plan?: boolean }, invoked: Command) => {
      const { migrateStore } = await import('./migrate.ts')
      const { json = false } = invoked.optsWithGlobals<CommonOptions>()
      await migrateStore(systemWorld(), { json, plan })
    })
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('a port is a number from 1 to 65535.')
  }
  return port
}
