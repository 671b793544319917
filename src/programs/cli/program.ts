import type { Command } from 'commander'
import type { ModuleCommand, OperationsCommand } from '../../extensions/module-command.ts'
import { red } from '../../platform/lib/terminal/text.ts'
import { MODULE_COMMANDS } from '../module-commands.ts'
import { Cli, type CommonOptions, hasColour } from './cli.ts'
import { command, helpText, type Start } from './command.ts'
import { type AddCommand, nounCommand, verbCommand } from './operations/noun.ts'
import { terminalOf } from './operations/terminal.ts'
import { developmentAddress } from './server/address.ts'
import type { Output, World } from './world.ts'

const NARROW = 80
const WIDE = 110

/**
 * The whole command line, or of its commands only the one that `args` name: a server needs no other, and each is files to load.
 * Nothing of the server itself is loaded before `serve`, `dev` or `migrate` asks for it.
 */
export async function createProgram(world: World, args: readonly string[] = []): Promise<Command> {
  const start: Start = (invoked) => Cli.start(world, invoked.optsWithGlobals<CommonOptions>())
  const terminal = terminalOf(world)
  const program = command('remit', 'Remit: what an AI agent may do, for whom, right now.', [
    'remit dev                                     # everything on this machine, to try it out',
    'remit login                                   # sign in, in the browser',
    'remit call --agent refund-bot --person sam --purpose "refund order 1042" GET orders/orders/1042',
    'remit decisions explain dec_…                 # why a call was answered as it was',
  ])
    .option('--url <origin>', `the server; else REMIT_URL, else ${await developmentAddress(world)}`)
    .option('--json', 'answer for programs, on standard output')
    .option('--version', 'which Remit this is: version, commit, and schema of the database')
    .helpOption('-h, --help', 'what a command does, with examples')
    .exitOverride()
  program.configureOutput({
    writeOut: (text) => world.output.write(text),
    writeErr: (text) => world.talk.write(text),
    getOutHasColors: () => hasColour(world, world.output),
    getErrHasColors: () => hasColour(world, world.talk),
    outputError: (text, write) =>
      write(`${red('✗').render(hasColour(world, world.talk))} ${plain(text)}`),
  })
  program.configureHelp({
    showGlobalOptions: true,
    formatHelp: (of, help) => helpText(of, help, lookOf(world, world.output)),
  })
  const [named = ''] = program.parseOptions([...args]).operands
  const groups = groupsWith(MODULE_COMMANDS)
  const known = groups.some(([, commands]) => commands.some(({ name }) => name === named))
  for (const [title, commands] of groups) {
    for (const { load, name } of commands) {
      // All of them for help, for a mistyped one, and to complete them.
      if (known && name !== named && named !== COMPLETION) continue
      const add = await load()
      program.addCommand(add(start, terminal).helpGroup(title))
    }
  }
  inherit(program)
  return program
}

const COMPLETION = 'completion'

type Load = () => Promise<AddCommand>

/** Commands as help lists them. */
const COMMANDS: readonly (readonly [string, Readonly<Record<string, Load>>])[] = [
  [
    'Run it',
    {
      dev: async () => (await import('./server-commands.ts')).devCommand,
      serve: async () => (await import('./server-commands.ts')).serveCommand,
      migrate: async () => (await import('./server-commands.ts')).migrateCommand,
      doctor: async () => (await import('./store/doctor.ts')).doctorCommand,
    },
  ],
  [
    'You',
    {
      login: async () => (await import('./session/login.ts')).loginCommand,
      logout: async () => (await import('./session/logout.ts')).logoutCommand,
      [COMPLETION]: async () => (await import('./completion.ts')).completionCommand,
      whoami: async () =>
        verbCommand(
          'whoami',
          (await import('../../console/api-operations/session.ts')).SESSION.operations.show,
        ),
      approvals: async () => (await import('./approvals.ts')).approvalsCommand,
      'stand-ins': async () =>
        nounCommand((await import('../../console/api-operations/stand-ins.ts')).STAND_INS),
      'break-glass': async () => (await import('./break-glass.ts')).breakGlassCommand,
      channels: async () =>
        nounCommand((await import('../../console/api-operations/channels.ts')).CHANNELS),
      allowances: async () =>
        nounCommand((await import('../../console/api-operations/allowances.ts')).ALLOWANCES),
    },
  ],
  [
    'Agents at work',
    {
      call: async () => (await import('./call/call.ts')).callCommand,
      mcp: async () => (await import('./mcp/mcp.ts')).mcpCommand,
      check: async () =>
        verbCommand(
          'check',
          (await import('../../console/api-operations/decisions/checks.ts')).CHECKS.operations.make,
        ),
      tasks: async () => (await import('./tasks.ts')).tasksCommand,
      decisions: async () =>
        nounCommand(
          (await import('../../console/api-operations/decisions/decisions.ts')).DECISIONS,
        ),
      ledger: async () => (await import('./ledger.ts')).ledgerCommand,
    },
  ],
  [
    'Configuration and access',
    {
      agents: async () => (await import('./agents.ts')).agentsCommand,
      admission: async () =>
        nounCommand((await import('../../console/api-operations/admission.ts')).ADMISSION),
      issuers: async () =>
        nounCommand((await import('../../console/api-operations/issuers.ts')).ISSUERS),
      resources: async () => (await import('./resources/resources.ts')).resourcesCommand,
      everything: async () =>
        nounCommand((await import('../../console/api-operations/everything.ts')).EVERYTHING),
      spaces: async () =>
        nounCommand((await import('../../console/api-operations/spaces.ts')).SPACES),
      connections: async () =>
        nounCommand((await import('../../console/api-operations/connections.ts')).CONNECTIONS),
      policy: async () => (await import('./policy/policy.ts')).policyCommand,
      clients: async () =>
        nounCommand((await import('../../console/api-operations/clients/clients.ts')).CLIENTS),
      risk: async () => nounCommand((await import('../../console/api-operations/risk.ts')).RISK),
      people: async () =>
        nounCommand((await import('../../console/api-operations/people.ts')).PEOPLE),
      groups: async () =>
        nounCommand((await import('../../console/api-operations/groups.ts')).GROUPS),
      providers: async () => (await import('./providers.ts')).providersCommand,
      bases: async () => nounCommand((await import('../../console/api-operations/bases.ts')).BASES),
      'sponsor-grants': async () =>
        nounCommand(
          (await import('../../console/api-operations/sponsor-grants.ts')).SPONSOR_GRANTS,
        ),
      limits: async () =>
        nounCommand((await import('../../console/api-operations/limits.ts')).LIMITS),
      keys: async () => nounCommand((await import('../../console/api-operations/keys.ts')).KEYS),
    },
  ],
]

interface NamedLoad {
  readonly name: string
  readonly load: Load
}

/** Groups of commands. A command of a module stands behind the command that its `behind` names, or adds to the one of its own name. */
function groupsWith(
  added: readonly ModuleCommand[],
): readonly (readonly [string, readonly NamedLoad[]])[] {
  const nouns = added.filter((each) => 'nouns' in each)
  const whole = (name: string, load: Load): readonly NamedLoad[] => [
    {
      name,
      load: withAdded(
        load,
        nouns.filter((each) => !each.behind && each.name === name),
      ),
    },
    ...added
      .filter(({ behind }) => behind === name)
      .flatMap((each) => whole(each.name, () => commandOf(each))),
  ]
  return COMMANDS.map(([title, commands]) => [
    title,
    Object.entries(commands).flatMap(([name, load]) => whole(name, load)),
  ])
}

function withAdded(load: Load, brought: readonly OperationsCommand[]): Load {
  return async () => {
    const [add, ...nouns] = await Promise.all([load(), ...brought.map((each) => each.nouns())])
    return (start, terminal) => add(start, terminal, nouns.flat())
  }
}

async function commandOf(brought: ModuleCommand): Promise<AddCommand> {
  if ('load' in brought) {
    const [make, { STORE_COMMAND_KIT }] = await Promise.all([
      brought.load(),
      import('./store/command-kit.ts'),
    ])
    return () => make(STORE_COMMAND_KIT)
  }
  const [noun, ...below] = await brought.nouns()
  return (start, terminal) => nounCommand(noun)(start, terminal, below)
}

/** Commander gives a command that is added the settings of its parent only when told to. */
function inherit(parent: Command): void {
  for (const child of parent.commands) inherit(child.copyInheritedSettings(parent))
}

function lookOf(world: World, output: Output): { width: number; colour: boolean } {
  return { width: Math.min(output.width ?? NARROW, WIDE), colour: hasColour(world, output) }
}

function plain(message: string): string {
  return message.replace(/^error: /, '')
}
