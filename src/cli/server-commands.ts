import { type Command, InvalidArgumentError } from 'commander'
import { command } from './command.ts'

/** `remit dev`: everything on this machine. */
export function devCommand(): Command {
  return command('dev', 'Everything on this machine, to try it out.', [
    'remit dev',
    'remit dev --reset   # begin anew: forgets everything of before',
  ])
    .option('--reset', 'remove what is kept and begin anew')
    .option('--port <number>', 'first of the ports to use', readPort)
    .action(async ({ port, reset = false }: { port?: number; reset?: boolean }) => {
      const { dev } = await import('./dev.ts')
      await dev({ reset, ...(port === undefined ? {} : { port }) })
    })
}

/** `remit serve`: the server, by its settings. */
export function serveCommand(): Command {
  return command('serve', 'The server. Its settings: docs/configuration.md.', [
    'REMIT_ISSUER=https://remit.example.com REMIT_GATEWAY=https://gateway.example.com remit serve',
  ]).action(async () => {
    const { serve } = await import('./serve.ts')
    await serve()
  })
}

/** `remit migrate`: brings the schema of the store up to date. */
export function migrateCommand(): Command {
  return command('migrate', 'Brings the database up to date, before a new version.', [
    'DATABASE_URL=postgres://… remit migrate',
  ]).action(async () => {
    const { migrate } = await import('./migrate.ts')
    await migrate()
  })
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('a port is a number from 1 to 65535.')
  }
  return port
}
