import type { Value } from '../../../platform/lib/terminal/text.ts'
import type { Terminal } from '../../operation-kit/terminal.ts'
import type { ActionAnswer, ResourceProfileAnswer } from './schemas.ts'

type Argument = ActionAnswer['arguments']['arguments'][number]
type ArgumentType = Argument['type']

/** One API with its actions, for a person. */
export function resourceLines(
  resource: ResourceProfileAnswer,
  terminal: Terminal,
): readonly Value[] {
  const { bold, dim, text } = terminal
  const { connection, server, trusted, upstream } = resource
  return [
    text`${bold(resource.name)}  ${resource.title}`,
    ...terminal.facts([
      ['status', terminal.status(resource.status)],
      [
        resource.protocol === 'a2a' ? 'A2A agent' : 'MCP server',
        server ? text`${server.name} ${server.version}` : '',
      ],
      ['for agents', resource.identifier],
      ['members', resource.members?.join(', ') ?? ''],
      // Only administrators are told its upstream.
      [
        'upstream',
        upstream &&
          text`${upstream}${trusted ? dim('  trusted: receives the transaction token') : ''}`,
      ],
      ['credential', upstream && (connection ?? dim('none'))],
      ['tokens', unusualTokens(resource)],
      ['owners', resource.owner_names.join(', ')],
    ]),
    ...(resource.members ? groupLines(resource, terminal) : actionLines(resource, terminal)),
  ]
}

/** Names that clients see in a group, and what looks alike among them. */
function groupLines(
  { look_alikes, name, names }: ResourceProfileAnswer,
  { bold, dim, red, table, text }: Terminal,
): readonly Value[] {
  const held = look_alikes.filter((each) => each.held)
  return [
    '',
    ...table(names, {
      NAME: (each) => bold(each.name),
      ACTION: ({ action }) =>
        held.some(({ actions }) => actions.includes(action))
          ? text`${action} ${red('kept out')}`
          : action,
    }),
    ...(look_alikes.length === 0
      ? []
      : [
          '',
          bold('Names that look alike'),
          ...table(look_alikes, {
            ACTIONS: ({ actions }) => actions.join(', '),
            HOW: 'how',
            '': (each) => (each.held ? red('kept out') : ''),
          }),
        ]),
    ...(held.length === 0
      ? []
      : [dim(text`  remit resources look-alikes ${name} --let-in ACTION …   lets them in`)]),
  ]
}

function actionLines(resource: ResourceProfileAnswer, terminal: Terminal): readonly Value[] {
  const { actions } = resource
  const { bold, dim, red, text } = terminal
  return [
    '',
    ...terminal.table(actions, {
      ACTION: ({ name, names: [given = name], quarantined }) =>
        quarantined ? text`${bold(given)} ${red('quarantined')}` : bold(given),
      OPERATION: ({ method, path }) => text`${method.padEnd(6)} ${method === path ? '' : path}`,
      RISK: ({ risk, risk_proposed }) =>
        text`${terminal.risk(risk)}${risk_proposed ? dim('*') : ''}`,
      ARGUMENTS: (action) => argumentsInWords(action.arguments.arguments, terminal),
    }),
    ...quarantinedLines(resource, terminal),
    ...givenNameLines(actions, terminal),
    ...markLines(actions, terminal),
    ...displayLines(actions, terminal),
    ...previewLines(actions, terminal),
    ...untypedLines(actions, terminal),
    ...proposedLines(resource, terminal),
  ]
}

function unusualTokens({ protocol, tokens }: ResourceProfileAnswer): string {
  const open = tokens.bearer === 'allowed'
  return [
    ...(open && protocol === 'http' ? ['clients that prove no key get them, too'] : []),
    ...tokens.claims.map(({ claim, from }) => `${claim} = ${from}`),
    ...(!open && protocol !== 'http' ? ['for clients that prove a key'] : []),
    ...(tokens.form === 'opaque' ? ['opaque'] : []),
    ...(tokens.subjects === 'pairwise' ? ['people have a name for this API alone'] : []),
  ].join(', ')
}

function quarantinedLines(
  { actions, name }: ResourceProfileAnswer,
  { dim, red, text }: Terminal,
): readonly Value[] {
  if (!actions.some(({ quarantined }) => quarantined)) return []
  return [
    '',
    text`${red('Quarantined')} actions have another definition by now, which is not accepted:`,
    dim(text`  remit resources review ${name}`),
  ]
}

/** Names that administrators gave, beside what tokens and records say. */
function givenNameLines(
  actions: readonly ActionAnswer[],
  { bold, table }: Terminal,
): readonly Value[] {
  const renamed = actions.filter(({ name, names }) => names.some((each) => each !== name))
  if (renamed.length === 0) return []
  return [
    '',
    bold('Given names'),
    ...table(renamed, {
      NAME: ({ name, names: [given = name] }) => given,
      'IN TOKENS AND RECORDS': 'name',
      'ALSO CALLED': ({ name, names: [, ...earlier] }) =>
        earlier.filter((each) => each !== name).join(', '),
    }),
  ]
}

/** Arguments that say whom a call is about, and how large it is. */
function markLines(
  actions: readonly ActionAnswer[],
  { bold, dim, table }: Terminal,
): readonly Value[] {
  const marked = actions.filter(({ counterparty, size }) => counterparty || size)
  if (marked.length === 0) return []
  return [
    '',
    bold('Risk signals look at'),
    ...table(marked, {
      ACTION: 'name',
      COUNTERPARTY: ({ counterparty }) => counterparty ?? dim('none'),
      SIZE: ({ size }) => size ?? dim('none'),
    }),
  ]
}

/** Arguments that people are shown in a way of their own. */
function displayLines(
  actions: readonly ActionAnswer[],
  { bold, table }: Terminal,
): readonly Value[] {
  const rows = actions.flatMap(({ displays, name }) =>
    Object.entries(displays).map(([path, display]) => ({ name, path, display })),
  )
  if (rows.length === 0) return []
  const columns = { ACTION: 'name', ARGUMENT: 'path', 'SHOWN AS': 'display' } as const
  return ['', bold('Shown to people as'), ...table(rows, columns)]
}

/** Actions that show approvers what a call is about. */
function previewLines(
  actions: readonly ActionAnswer[],
  { bold, table }: Terminal,
): readonly Value[] {
  const rows = actions.flatMap(({ name, preview }) => (preview ? [{ ...preview, name }] : []))
  if (rows.length === 0) return []
  return [
    '',
    bold('Approvers can look at'),
    ...table(rows, {
      ACTION: 'name',
      READ: 'action',
      WITH: ({ arguments: given }) =>
        Object.entries(given)
          .map(([name, path]) => `${name}=${path}`)
          .join(', '),
      SHOWS: ({ shows }) => (shows === 'now' ? 'what is there now' : 'what it would lead to'),
    }),
  ]
}

function untypedLines(
  actions: readonly ActionAnswer[],
  { bold, table }: Terminal,
): readonly Value[] {
  const rows = actions.flatMap(({ name, untyped }) => untyped.map((each) => ({ name, ...each })))
  if (rows.length === 0) return []
  return [
    '',
    bold('Bounds and policies cannot see'),
    ...table(rows, { ACTION: 'name', WHERE: 'at', WHY: 'reason' }),
  ]
}

function proposedLines(
  { actions, name, protocol }: ResourceProfileAnswer,
  { dim, text }: Terminal,
): readonly Value[] {
  const first = actions.find((action) => action.risk_proposed)
  if (!first) return []
  return [
    '',
    dim(
      protocol === 'mcp'
        ? '* proposed from what the server says; policies count a tool as write and at least high until you confirm it:'
        : '* proposed from the method or the document; not confirmed yet:',
    ),
    dim(text`  remit resources risk ${first.name} ${first.risk}`),
    dim(text`  remit resources risk ${name} --accept   accepts all of them`),
  ]
}

const MAX_SHOWN_LENGTH = 200

/**
 * Names as many as a table stays readable with, and how many more there are; `--json` has them all.
 */
export function argumentsInWords(
  all: readonly Argument[],
  { dim, text }: Pick<Terminal, 'dim' | 'text'>,
): Value {
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

/** `order_id: string`, `limit?: integer 1…100`, `status?: placed | paid`. */
function argumentInWords({ name, nullable, required, type }: Argument): string {
  return `${name}${required && !nullable ? '' : '?'}: ${typeInWords(type)}`
}

const MAX_CHOICES = 4

function typeInWords(type: ArgumentType): string {
  switch (type.kind) {
    case 'untyped':
      return 'untyped'
    case 'set':
      return `${typeInWords(type.items)}[]`
    case 'record':
      return `{ ${type.fields.map(({ name }) => name).join(', ')}${type.open ? ', …' : ''} }`
    case 'boolean':
    case 'datetime':
      return type.kind
    default: {
      if (type.enum) {
        const more = type.enum.length > MAX_CHOICES ? ' | …' : ''
        return type.enum.slice(0, MAX_CHOICES).join(' | ') + more
      }
      return [type.kind, rangeInWords(type)].filter((part) => part !== '').join(' ')
    }
  }
}

function rangeInWords(type: Exclude<ArgumentType, { kind: 'untyped' }>): string {
  if (type.kind !== 'integer' && type.kind !== 'decimal') return ''
  const least = type.minimum ?? (type.exclusiveMinimum && `>${type.exclusiveMinimum}`)
  const most = type.maximum ?? (type.exclusiveMaximum && `<${type.exclusiveMaximum}`)
  if (least !== undefined && most !== undefined) return `${least}…${most}`
  if (least !== undefined) return least.startsWith('>') ? least : `≥${least}`
  if (most !== undefined) return most.startsWith('<') ? most : `≤${most}`
  return ''
}
