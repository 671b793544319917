import type { Command } from 'commander'
import { facts, indented, table } from '../../lib/terminal/table.ts'
import { bold, dim, red, text, type Value } from '../../lib/terminal/text.ts'
import { riskWord, statusWord } from '../../lib/terminal/words.ts'
import type { Argument } from '../../schemas/index.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import {
  type ActionJson,
  argumentInWords,
  type ResourceJson,
  type ShownResourceJson,
} from './resource.ts'

/** `remit resources list` */
export function listCommand(start: Start): Command {
  return command('list', 'Every API of the catalog.', ['remit resources list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/resources', {})
      cli.answer(answer, () =>
        answer.resources.length === 0
          ? [dim('No APIs yet. `remit resources import NAME --openapi FILE` adds one.')]
          : table(
              ['NAME', 'STATUS', 'ADDRESS FOR AGENTS', 'UPSTREAM', 'TITLE'],
              answer.resources.map((each) => [
                bold(each.name),
                statusWord(each.status),
                each.identifier,
                each.upstream ?? '',
                each.title,
              ]),
              cli.width,
            ),
      )
    },
  )
}

/** `remit resources show NAME` */
export function showCommand(start: Start): Command {
  return command(
    'show',
    'One API: its operations, their arguments and risk, and what has no type.',
    ['remit resources show orders'],
  )
    .argument('<name>', 'the API')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      showResource(cli, await cli.api.call('GET', '/resources/:name', { params: { name } }))
    })
}

export function showResource(cli: Cli, resource: ShownResourceJson): void {
  cli.answer(resource, () => [
    text`${bold(resource.name)}  ${resource.title}`,
    ...indented(facts(about(resource), cli.room)),
    '',
    ...table(['ACTION', 'OPERATION', 'RISK', 'ARGUMENTS'], resource.actions.map(row), cli.width),
    ...quarantinedLines(resource),
    ...markLines(resource.actions, cli.width),
    ...untypedLines(resource.actions, cli.width),
    ...proposedLines(resource),
  ])
}

function about(resource: ResourceJson): readonly (readonly [string, Value])[] {
  return [
    ['status', statusWord(resource.status)],
    ...(resource.server
      ? [['MCP server', text`${resource.server.name} ${resource.server.version}`] as const]
      : []),
    ['for agents', resource.identifier],
    ...behind(resource),
    ...tokensOf(resource),
  ]
}

/** For administrators: nobody else is told. */
function behind(resource: ResourceJson): readonly (readonly [string, Value])[] {
  const { connection, trusted, upstream } = resource
  if (upstream === null) return []
  return [
    [
      'upstream',
      text`${upstream}${trusted ? dim('  trusted: receives the transaction token') : ''}`,
    ],
    ['credential', connection ?? dim('none')],
  ]
}

/** What is not as usual. */
function tokensOf({ tokens }: ResourceJson): readonly (readonly [string, Value])[] {
  const said = [
    ...(tokens.form === 'opaque' ? ['opaque'] : []),
    ...(tokens.subjects === 'pairwise' ? ['people have a name for this API alone'] : []),
  ]
  return said.length === 0 ? [] : [['tokens', said.join(', ')]]
}

function row(action: ActionJson): readonly Value[] {
  return [
    action.quarantined ? text`${bold(action.name)} ${red('quarantined')}` : bold(action.name),
    text`${action.method.padEnd(6)} ${action.method === action.path ? '' : action.path}`,
    text`${riskWord(action.risk)}${action.risk_proposed ? dim('*') : ''}`,
    argumentsInWords(action.arguments.arguments),
  ]
}

const MAX_SHOWN_LENGTH = 200

/** As many as a table stays readable with, and how many more there are; `--json` has them all. */
export function argumentsInWords(all: readonly Argument[]): Value {
  if (all.length === 0) return dim('none')
  const shown: string[] = []
  let length = 0
  for (const words of all.map(argumentInWords)) {
    length += words.length + 2
    if (shown.length > 0 && length > MAX_SHOWN_LENGTH) break
    shown.push(words.length > MAX_SHOWN_LENGTH ? `${words.slice(0, MAX_SHOWN_LENGTH)}…` : words)
  }
  const more = all.length - shown.length
  return more === 0 ? shown.join(', ') : text`${shown.join(', ')} ${dim(`and ${more} more`)}`
}

/** Which arguments say whom a call is about, and how large it is. */
function markLines(actions: readonly ActionJson[], width: number | undefined): readonly Value[] {
  const rows = actions
    .filter(({ counterparty, size }) => counterparty || size)
    .map(({ counterparty, name, size }) => [name, counterparty ?? dim('none'), size ?? dim('none')])
  if (rows.length === 0) return []
  return [
    '',
    bold('Risk signals look at'),
    ...table(['ACTION', 'COUNTERPARTY', 'SIZE'], rows, width),
  ]
}

function quarantinedLines({ actions, name }: ShownResourceJson): readonly Value[] {
  if (!actions.some(({ quarantined }) => quarantined)) return []
  return [
    '',
    text`${red('Quarantined')} actions have another definition by now, which nobody has accepted:`,
    dim(text`  remit resources review ${name}`),
  ]
}

/** What bounds and policies cannot see is said plainly. */
function untypedLines(actions: readonly ActionJson[], width: number | undefined): readonly Value[] {
  const rows = actions.flatMap(({ name, untyped }) =>
    untyped.map(({ at: where, reason }) => [name, where, reason]),
  )
  if (rows.length === 0) return []
  return [
    '',
    bold('Bounds and policies cannot see'),
    ...table(['ACTION', 'WHERE', 'WHY'], rows, width),
  ]
}

function proposedLines({ actions, name, protocol }: ShownResourceJson): readonly Value[] {
  const first = actions.find((action) => action.risk_proposed)
  if (!first) return []
  return [
    '',
    dim(
      protocol === 'mcp'
        ? '* proposed from what the server says; policies count a tool as write and at least high until you confirm it:'
        : '* proposed from the method or the document; nobody has confirmed it:',
    ),
    dim(text`  remit resources risk ${first.name} ${first.risk}`),
    dim(text`  remit resources risk ${name} --accept   accepts all of them`),
  ]
}
