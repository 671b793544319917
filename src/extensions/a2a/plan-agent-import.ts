import { badDocument, textAt } from '../../catalog/argument-types/index.ts'
import type { Action } from '../../catalog/catalog/index.ts'
import {
  actionOf,
  firstSentence,
  type ImportOptions,
  type ImportPlan,
  NamedActions,
  type NamedTool,
  pinned,
  planResource,
  proposedSentence,
  type ReadAction,
  review,
} from '../../catalog/catalog-changes/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import type { JsonObject } from '../../platform/lib/json.ts'
import { readCard } from './agent-card.ts'
import { emptySchema, messageSchema } from './message-arguments.ts'

const MAX_SKILLS = 200
const PROPOSED =
  'an agent reads words: what a message asks for is up to the agent, whatever skill it names. So every skill is proposed as high'
/** Members of a skill, and of the card, that clients are shown. */
const OF_SKILL = ['id', 'name', 'description', 'tags', 'examples', 'inputModes', 'outputModes']
const OF_CARD = ['name', 'description', 'capabilities', 'defaultInputModes', 'defaultOutputModes']

/** Operations about tasks: names here, at the agent, and as they are proposed. */
const OF_TASKS = [
  ['get-task', 'GetTask', 'read', 'low', 'Read tasks of the agent'],
  ['cancel-task', 'CancelTask', 'write', 'medium', 'Cancel a task of the agent'],
] as const

/**
 * Reads the card of an A2A agent as a resource: one action for each skill, one for messages that name
 * none, and two for tasks. Pure: fetches nothing, writes nothing. The reviewed definition is part of
 * an action's digest, as with tools of MCP servers. `options.upstream`: address at which the card was
 * read.
 * @throws Problem `catalog.bad_document`, `catalog.bad_resource`
 */
export function planAgentImport(card: JsonObject, options: ImportOptions): ImportPlan {
  const read = readCard(card, new URL(options.upstream ?? '').origin)
  if (read.skills.length > MAX_SKILLS)
    throw badDocument(`the agent has more than ${MAX_SKILLS} skills`)
  const { description: instructions, endpoint, name: title, signers, skills, version } = read
  const { upstream: address = endpoint } = options
  const resource = planResource(
    { ...options, upstream: endpoint },
    {
      title,
      upstream: undefined,
      documentDigest: sha256url(canonicalJson(card)),
      protocol: 'a2a',
      server: {
        ...pinned({ name: title, version, instructions }),
        card: address,
        ...(signers.length === 0 ? {} : { signers }),
      },
    },
  )
  const plan = new NamedActions(resource.name, options.known ?? [])
  plan.all('skill', skills, readSkill)
  plan.one('send-message', { kind: 'operation', wire: 'SendMessage' }, (named) =>
    readMessages(card, named),
  )
  for (const [operation, wire, access, risk, sentence] of OF_TASKS)
    plan.one(operation, { kind: 'operation', wire }, (named) => ({
      action: actionOf(named, {
        ...{ method: 'a2a/operation', access, risk, sentence },
        arguments: emptySchema(),
        definition: { kind: 'operation', name: wire, json: '{}' },
      }),
      notes: [],
    }))
  return { resource, actions: [...plan.actions.values()], notes: [PROPOSED, ...plan.notes()] }
}

function readSkill(skill: JsonObject, named: NamedTool): ReadAction | string {
  const words = textAt(skill, 'name') ?? firstSentence(textAt(skill, 'description'))
  return readSending(skill, named, { kind: 'skill', members: OF_SKILL, words })
}

function readMessages(card: JsonObject, named: NamedTool): ReadAction | string {
  const words = `Send a message to ${textAt(card, 'name')}`
  return readSending(card, named, { kind: 'operation', members: OF_CARD, words })
}

/** Builds the action of a message, or says why it is left out. */
function readSending(
  definition: JsonObject,
  named: NamedTool,
  how: {
    readonly kind: 'skill' | 'operation'
    readonly members: readonly string[]
    readonly words: string | undefined
  },
): ReadAction | string {
  const reviewed = review(definition, how.members)
  if (typeof reviewed === 'string') return reviewed
  const schema = messageSchema()
  const action: Action = actionOf(named, {
    method: `a2a/${how.kind}`,
    access: 'write',
    risk: 'high',
    sentence: proposedSentence(named.wire, schema, how.words),
    arguments: schema,
    definition: { kind: how.kind, name: named.wire, json: reviewed.json },
  })
  return { action, notes: reviewed.notes }
}
