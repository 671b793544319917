import { type Detail, misfit, parseDetails } from '@remit/engine'
import { type CatalogView, expandGroups } from '../../catalog/catalog/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { visible } from '../../platform/lib/text/visible.ts'
import { readAgents, readOpenerNames } from './openers.ts'
import type { Space, SpaceMode } from './space.ts'

/**
 * Rules that administrators set for a space. A member that is left out stays as it is; with `null`
 * the rule of the space above holds.
 */
export interface SpaceRules {
  readonly title?: string | undefined
  readonly mode?: SpaceMode | null | undefined
  readonly people?: readonly string[] | null | undefined
  readonly agents?: readonly string[] | null | undefined
  /** `authorization_details`, as they were sent. */
  readonly details?: unknown
}

const MAX_TITLE = 200

/** The space as it is with these rules. @throws Problem `space.bad` */
export function withRules(space: Space, rules: SpaceRules, catalog: CatalogView): Space {
  const { agents, details, mode, people, title } = rules
  return {
    ...space,
    ...(title === undefined ? {} : { title: readTitle(title) }),
    ...(mode === undefined ? {} : { mode }),
    ...(people === undefined ? {} : { people: people && readOpenerNames(people) }),
    ...(agents === undefined ? {} : { agents: agents && readAgents(agents) }),
    ...(details === undefined ? {} : { details: readDetails(details, catalog) }),
  }
}

function readTitle(title: string): string {
  if (title.trim() === '' || title.length > MAX_TITLE || visible(title) !== title)
    throw new Problem('space.bad', `a title is 1 to ${MAX_TITLE} visible characters`)
  return title
}

function readDetails(given: unknown, catalog: CatalogView): readonly Detail[] | null {
  if (given === null) return null
  const parsed = parseDetails(given, 'remit_call')
  if (!parsed.ok) throw new Problem('space.bad', `\`details\`: ${parsed.reason}`)
  const details = expandGroups(catalog, parsed.details)
  // It would limit to the present members of the group, which are none, for ever.
  if (details.length < parsed.details.length)
    throw new Problem('space.bad', '`details`: one of them names groups that no action is in')
  const wrong = misfit(details, catalog.kindOf)
  if (wrong !== undefined) throw new Problem('space.bad', `\`details\`: ${wrong}`)
  return details
}
