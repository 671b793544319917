import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { admissionCommand } from './admission.ts'
import { agentsCommand } from './agents/agents.ts'
import { allowancesCommand } from './allowances.ts'
import { approvalsCommand } from './approvals.ts'
import { basesCommand } from './bases.ts'
import { callCommand } from './call/call.ts'
import { Cli, type CommonOptions, hasColour } from './cli.ts'
import { command, helpText, type Start } from './command.ts'
import { connectionsCommand } from './connections.ts'
import { decisionsCommand } from './decisions/decisions.ts'
import { groupsCommand } from './groups.ts'
import { keysCommand } from './keys.ts'
import { ledgerCommand } from './ledger.ts'
import { loginCommand } from './login.ts'
import { logoutCommand } from './logout.ts'
import { peopleCommand } from './people.ts'
import { policyCommand } from './policy/policy.ts'
import { providersCommand } from './providers.ts'
import { resourcesCommand } from './resources/resources.ts'
import { devCommand, migrateCommand, serveCommand } from './server-commands.ts'
import { sponsorGrantsCommand } from './sponsor-grants/sponsor-grants.ts'
import { tasksCommand } from './tasks/tasks.ts'
import { red } from './terminal/text.ts'
import { whoamiCommand } from './whoami.ts'
import type { Output, World } from './world.ts'

const NARROW = 80
const WIDE = 110

/** The whole command line. Nothing of the server is loaded before `serve`, `dev` or `migrate` asks for it. */
export function createProgram(world: World): Command {
  const start: Start = (invoked) => Cli.start(world, invoked.optsWithGlobals<CommonOptions>())
  const program = command('remit', 'Remit: what an AI agent may do, for whom, right now.', [
    'remit dev                                     # everything on this machine, to try it out',
    'remit login                                   # sign in, in the browser',
    'remit call --agent refund-bot --person sam --purpose "refund order 1042" GET orders/orders/1042',
    'remit decisions explain dec_…                 # why a call was answered as it was',
  ])
    .option('--url <origin>', 'the server; else REMIT_URL, else http://127.0.0.1:7480')
    .option('--json', 'answer for programs, on standard output')
    .version(version(), '--version', 'which Remit this is')
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
  for (const [title, commands] of COMMANDS) {
    for (const add of commands) program.addCommand(add(start).helpGroup(title))
  }
  inherit(program)
  return program
}

/** As help lists them. */
const COMMANDS: readonly (readonly [string, readonly ((start: Start) => Command)[]])[] = [
  ['Run it', [devCommand, serveCommand, migrateCommand]],
  ['You', [loginCommand, logoutCommand, whoamiCommand, approvalsCommand, allowancesCommand]],
  ['Agents at work', [callCommand, tasksCommand, decisionsCommand, ledgerCommand]],
  [
    'What is there, and who may',
    [
      agentsCommand,
      admissionCommand,
      resourcesCommand,
      connectionsCommand,
      policyCommand,
      peopleCommand,
      groupsCommand,
      providersCommand,
      basesCommand,
      sponsorGrantsCommand,
      keysCommand,
    ],
  ],
]

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

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version: found }: { version?: unknown } = JSON.parse(text)
  return String(found)
}
