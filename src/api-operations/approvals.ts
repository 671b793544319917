import type { Value } from '../lib/terminal/text.ts'
import { describe, noun, type SchemaKit, type TypeOf } from './operation.ts'
import { limit } from './shared-sources.ts'
import { input } from './source.ts'
import type { Terminal } from './terminal.ts'

const Waiting = ({ AccessRequest, Type }: SchemaKit) =>
  Type.Object({
    to_answer: Type.Array(AccessRequest),
    more: Type.Boolean({ description: 'there are others in the direction that was asked for' }),
    agents: Type.Array(Type.Object({ agent: Type.String(), waiting: Type.Integer() }), {
      description: 'how many of each agent wait for the caller’s answer, whatever the page',
    }),
    for_me: Type.Array(AccessRequest),
    for_me_more: Type.Boolean(),
  })

type WaitingAnswer = TypeOf<{ answer: ReturnType<typeof Waiting> }, 'answer'>

function requestLines(title: string, list: WaitingAnswer['for_me'], terminal: Terminal) {
  const { bold, facts, relative, risk, text } = terminal
  if (list.length === 0) return []
  const lines = list.flatMap((request) => [
    text`  ${bold(request.text)}`,
    ...facts(
      [
        ['asked by', text`${request.agent}, ${relative(request.created_at)}`],
        ['risk', risk(request.risk)],
        ['ends', text`${relative(request.expires_at)}, and that denies it`],
        ['answer at', request.page],
      ],
      4,
    ),
    '',
  ])
  return [bold(title), '', ...lines]
}

/** Lines for several agents that ask, so that one that asks much hides nobody. */
function agentLines(agents: WaitingAnswer['agents'], { joined, text }: Terminal): readonly Value[] {
  if (agents.length < 2) return []
  const told = agents.map(({ agent, waiting }) => text`${agent} ${waiting}`)
  return [text`Waiting for you, by agent: ${joined(told, ', ')}`, '']
}

function furtherLines(waiting: WaitingAnswer, back: boolean, { dim }: Terminal): readonly Value[] {
  const list = waiting.more ? waiting.to_answer : waiting.for_me_more ? waiting.for_me : []
  const edge = back ? list.at(0) : list.at(-1)
  return edge ? [dim(`There are more: ${back ? '--before' : '--after'} ${edge.id}`), ''] : []
}

const after = input('--after <id>', 'what stands behind this request: lists are oldest first')
const before = input('--before <id>', 'what stands before this request')

/**
 * `remit approvals …`. INVARIANT: it lists and opens pages, and answers nothing (contract 10): whoever got hold of a session
 * could otherwise approve what its agent asks for.
 */
export const APPROVALS = noun({
  name: 'approvals',
  says: 'Calls that wait for a person.',
  operations: {
    list: describe({
      id: 'requests.list',
      route: 'GET /access-requests',
      who: 'person',
      says: 'Requests that wait, oldest first: for the caller’s answer, and on the caller’s behalf. They are answered on their pages, never here.',
      schemas: (kit) => {
        const Place = kit.Type.Optional(
          kit.Type.String({ maxLength: 64, description: 'id of a request' }),
        )
        return {
          query: kit.exactly({
            ...kit.Page,
            agent: kit.Type.Optional(kit.Name),
            after: Place,
            before: Place,
            for_me_after: Place,
            for_me_before: Place,
          }),
          answer: Waiting(kit),
        }
      },
      command: (terminal) => ({
        says: 'What waits for you, and what waits for others on your behalf.',
        examples: ['remit approvals list', 'remit approvals list --agent refund-bot --limit 10'],
        usual: true,
        takes: {
          query: {
            agent: input('--agent <id>', 'only what this agent asks you'),
            limit,
            after,
            before,
            for_me_after: after,
            for_me_before: before,
          },
        },
        prints: (waiting, { query }) => {
          const lines = [
            ...requestLines('For you to answer', waiting.to_answer, terminal),
            ...agentLines(waiting.agents, terminal),
            ...requestLines('On your behalf', waiting.for_me, terminal),
            ...furtherLines(waiting, query.before !== undefined, terminal),
          ]
          return lines.length === 0 ? [terminal.dim('Nothing waits.')] : lines.slice(0, -1)
        },
      }),
    }),
  },
})
