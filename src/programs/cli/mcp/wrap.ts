import { type Command, InvalidArgumentError } from 'commander'
import { bold, dim, green, red, text, yellow } from '../../../platform/lib/terminal/text.ts'
import type { WrappedServer } from '../../mcp-stdio/index.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure, usage } from '../failure.ts'
import type { World } from '../world.ts'
import {
  forgetConnection,
  refresh,
  register,
  requireFree,
  type WrapRegistration,
  WrapRegistrations,
} from './registration.ts'
import { ServerWords } from './words.ts'

interface WrapOptions {
  readonly env?: readonly string[]
  readonly port?: number
  readonly processes: number
  readonly renew?: true
  readonly replace?: true
}

/** Variables that programs need to run at all, and that hold no secrets. */
const PASSED_ON = [
  ...['HOME', 'LANG', 'PATH', 'TMPDIR', 'USER'],
  // Windows
  ...['APPDATA', 'LOCALAPPDATA', 'PATHEXT', 'SystemRoot', 'TEMP', 'USERPROFILE'],
]
const DEFAULT_PROCESSES = 16

/** `remit mcp wrap NAME -- COMMAND` */
export function wrapCommand(start: Start): Command {
  return command(
    'wrap',
    'Puts an MCP server that speaks over standard input and output behind Remit, and runs it until it is stopped.',
    [
      'remit mcp wrap files -- npx -y @modelcontextprotocol/server-filesystem /data',
      'remit mcp wrap github --env GITHUB_TOKEN -- github-mcp-server stdio   # the value stays out of the command line',
      'remit mcp wrap files --renew -- npx -y @modelcontextprotocol/server-filesystem /data',
    ],
  )
    .argument('<name>', 'what it is called in the catalog, for ever')
    .argument('<command...>', 'the program and its arguments, behind --; no shell reads them')
    .option(
      '--env <name>',
      'a variable that the program gets too, with the value that it has here; once for each',
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .option('--port <number>', 'where the gateway reaches it, on 127.0.0.1; else as before', count)
    .option(
      '--processes <number>',
      'at most so many, one for each session of the gateway',
      count,
      DEFAULT_PROCESSES,
    )
    .option('--renew', 'another port and another credential for the gateway')
    .option('--replace', 'take the place of what has this name in the catalog')
    .action(
      async (name: string, line: readonly string[], options: WrapOptions, invoked: Command) => {
        await wrap(await start(invoked), name, line, options)
      },
    )
}

async function wrap(
  cli: Cli,
  name: string,
  line: readonly string[],
  options: WrapOptions,
): Promise<void> {
  const { clock, random, wait } = cli.world
  // From here on, so that a signal during the start leaves no process behind.
  const stopped = cli.world.untilStopped()
  const registrations = new WrapRegistrations(cli, name)
  const before = await registrations.find()
  const known = options.renew ? undefined : before
  if (!before && !options.replace) await requireFree(cli, name)
  const given = environmentOf(cli.world, options.env ?? [])
  const words = new ServerWords(cli, name, Object.values(given.named))
  const [program = '', ...args] = line
  const { connection, secret } = known ?? registrations.create()
  const { WrappedServer } = await import('../../mcp-stdio/index.ts')
  const server = new WrappedServer({
    command: { command: program, args, environment: given.all, directory: cli.world.directory },
    secret,
    maxProcesses: options.processes,
    ...{ clock, random, wait },
    onWords: (said, cut) => words.take(said, cut),
    onEvent: (happened) => cli.say(text`${yellow('●')} ${happened}`),
  })
  const serve = async (): Promise<void> => {
    const port = await listen(server, options.port ?? known?.port ?? 0, program)
    const registration: WrapRegistration = { port, secret, connection }
    if (!known) await register(cli, name, { registration, url: server.url })
    else
      await refreshIfSignedIn(cli, name, {
        mcp: server.url,
        connection,
        moved: known.port !== port,
      })
    if (known?.port !== port) await registrations.keep(registration)
    if (before && !known) await forgetConnection(cli, before.connection)
    cli.say(
      text`${green('✓')} ${bold(name)} is behind Remit while this runs  ${dim('(Ctrl-C stops)')}`,
    )
  }
  try {
    await Promise.race([serve(), stopped])
    await stopped
  } finally {
    await server.close()
    words.flush()
  }
}

async function listen(server: WrappedServer, port: number, program: string): Promise<number> {
  return server.listen(port).catch((cause: unknown) => {
    const detail = cause instanceof Error ? cause.message : String(cause)
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')
      throw new CommandFailure(`Something else listens at port ${port}`, {
        detail:
          'if it is not another `remit mcp wrap` of this name, the gateway may have told it the credential',
        next: ['--renew takes another port and another credential'],
        cause,
      })
    throw new CommandFailure(`\`${program}\` cannot be run`, { detail, cause })
  })
}

/** Without a sign-in the server runs as it was registered; the gateway itself notices what changes. */
async function refreshIfSignedIn(
  cli: Cli,
  name: string,
  wanted: Parameters<typeof refresh>[2],
): Promise<void> {
  // The gateway has to know where the server is now.
  if (wanted.moved) return refresh(cli, name, wanted)
  if (!(await cli.api.signedIn())) {
    cli.say(dim('You are not signed in, so the catalog is not brought up to date.'))
    return
  }
  await refresh(cli, name, wanted).catch((error: unknown) => {
    if (!(error instanceof CommandFailure)) throw error
    cli.say(
      text`${red('✗')} the catalog was not brought up to date: ${error.message}`,
      dim(text`  ${error.detail ?? ''}`),
    )
  })
}

function environmentOf({ environment }: World, names: readonly string[]) {
  const environmentEntry = (name: string): [string, string][] => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value]]
  }
  for (const name of names) {
    if (name.includes('='))
      throw usage(
        'A value in the command line can be read by everyone on this machine',
        `export it, and say --env ${name.split('=', 1)[0]}`,
      )
    if (environment[name] === undefined) throw usage(`\`${name}\` is not set`, `export ${name}=…`)
  }
  const named = Object.fromEntries(names.flatMap(environmentEntry))
  return { named, all: { ...Object.fromEntries(PASSED_ON.flatMap(environmentEntry)), ...named } }
}

function count(given: string): number {
  const number = Number(given)
  if (!/^\d{1,5}$/.test(given) || number < 1 || number > 65_535)
    throw new InvalidArgumentError('a number from 1 to 65535.')
  return number
}
