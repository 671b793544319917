import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { AuthorityInput } from '../../console/operation-kit/source.ts'
import type { Detail } from '../../console/operation-kit/terminal.ts'
import { dim, type Text, text } from '../../platform/lib/terminal/text.ts'
import type { Cli } from './cli.ts'
import { CommandFailure } from './failure.ts'
import type { AnswerOf } from './server/operation-types.ts'

/** Number of actions that one detail may have (contract 2). */
const MAX_ACTIONS = 64

/**
 * Authority that was asked for: details from a file as they are, or action names without bounds. `orders.*` is every action
 * that `orders` has now.
 */
export function readAuthority(
  cli: Cli,
  { actions = [], file }: AuthorityInput,
): Promise<readonly Detail[]> {
  return file === undefined ? detailsOf(cli, actions) : readDetails(cli, file)
}

async function readDetails(cli: Cli, file: string): Promise<readonly Detail[]> {
  const text = await readFile(resolve(cli.world.directory, file), 'utf8').catch(
    (cause: unknown) => {
      throw new CommandFailure('The file with the details cannot be read', { detail: file, cause })
    },
  )
  const value = parseDetailsFile(text, file)
  if (!Array.isArray(value)) {
    throw new CommandFailure('Authority is a list of details', {
      detail: `\`${file}\` holds something else`,
      next: ['see "Authority" in docs/architecture.md'],
    })
  }
  return value
}

function parseDetailsFile(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CommandFailure('The file with the details is not JSON', { detail: file, cause })
  }
}

/** Per resource, since a detail names where it holds. */
async function detailsOf(cli: Cli, names: readonly string[]): Promise<readonly Detail[]> {
  const perResource = Map.groupBy(names, (name) => name.split('.')[0] ?? '')
  const details: Detail[] = []
  for (const [name, wanted] of perResource) {
    const resource = await cli.api.call('GET', '/resources/:name', { params: { name } })
    const actions = wanted.flatMap((action) => actionsOf(resource, action))
    for (const part of actionParts([...new Set(actions)])) {
      details.push({
        type: 'remit_call',
        locations: [resource.identifier],
        actions: part,
        bounds: [],
      })
    }
  }
  return details
}

function actionsOf(
  resource: AnswerOf<'GET', '/resources/:name'>,
  wanted: string,
): readonly string[] {
  const names = resource.actions.map((action) => action.name)
  if (wanted === `${resource.name}.*`) {
    if (names.length === 0) throw noActions(resource)
    return names
  }
  const found = resource.actions.find(
    (action) => action.name === wanted || action.names.includes(wanted),
  )
  if (found) return [found.name]
  throw new CommandFailure(`There is no action \`${wanted}\``, {
    code: 'catalog.unknown_action',
    detail: `${resource.name} has ${names.join(', ')}`,
  })
}

/** A pattern is every action that is there now: one of none would give nothing, now and later. */
function noActions({ members, name }: AnswerOf<'GET', '/resources/:name'>): CommandFailure {
  return members
    ? new CommandFailure(`\`${name}.*\` names no action`, {
        detail: `${name} is a group: name the actions of its members`,
        next: members.map((member) => `${member}.*`),
      })
    : new CommandFailure(`\`${name}.*\` names no action yet`, {
        detail: `${name} has no action that was reviewed`,
        next: [`remit resources review ${name}`],
      })
}

/** Lists as long as one detail may have. */
export function actionParts(actions: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(actions.length / MAX_ACTIONS) }, (_, i) =>
    actions.slice(i * MAX_ACTIONS, (i + 1) * MAX_ACTIONS),
  )
}

/** Details in words, every action named. */
export async function detailLines(details: readonly Detail[]): Promise<readonly Text[]> {
  // Only these commands need it, and it takes a moment to load.
  const { boundInWords } = await import('@remit/engine')
  return details.map(({ actions, bounds, locations, type }) => {
    const where = bounds.length === 0 ? '' : ` where ${bounds.map(boundInWords).join(' and ')}`
    const how = type === 'remit_delegate' ? 'to hand on: ' : ''
    return text`${how}${actions.join(', ')}${where} ${dim(text`at ${locations.join(', ')}`)}`
  })
}
