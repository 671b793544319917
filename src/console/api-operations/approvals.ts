import type { Value } from '../../platform/lib/terminal/text.ts'
import { describe, noun, type SchemaKit, type TypeOf } from '../operation-kit/operation.ts'
import { limit } from '../operation-kit/shared-sources.ts'
import { input } from '../operation-kit/source.ts'
import type { Terminal } from '../operation-kit/terminal.ts'
import { StandsInFor, WholeRequest, wholeRequestLines } from '../operation-kit/whole-request.ts'

const Waiting = ({ AccessRequest, Type }: SchemaKit) =>
  Type.Object({
    to_answer: Type.Array(Type.Object({ ...AccessRequest.properties, ...StandsInFor({ Type }) })),
    more: Type.Boolean({ description: 'there are others in the direction that was asked for' }),
    agents: Type.Array(Type.Object({ agent: Type.String(), waiting: Type.Integer() }), {
      description: 'how many of each agent wait for the caller’s answer, whatever the page',
    }),
    for_me: Type.Array(AccessRequest),
    for_me_more: Type.Boolean(),
  })

type WaitingAnswer = TypeOf<{ answer: ReturnType<typeof Waiting> }, 'answer'>

function requestLines(
  title: string,
  list: readonly (WaitingAnswer['for_me'][number] & Partial<WaitingAnswer['to_answer'][number]>)[],
  terminal: Terminal,
) {
  const { bold, facts, relative, risk, text } = terminal
  if (list.length === 0) return []
  const lines = list.flatMap((request) => [
    text`  ${bold(request.text)}`,
    ...facts(
      [
        ['asked by', text`${request.agent}, ${relative(request.created_at)}`],
        ['risk', risk(request.risk)],
        ['ends', text`${relative(request.expires_at)}, and that denies it`],
        ['you answer', request.stands_in_for_name && text`for ${request.stands_in_for_name}`],
        ['answer at', request.page],
      ],
      4,
    ),
    '',
  ])
  return [bold(title), '', ...lines]
}

/** Lines for several agents that ask, so that one that asks much hides no other. */
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

const Figures = (kit: SchemaKit) =>
  kit.Type.Object({
    person: kit.Type.String(),
    name: kit.Type.Union([kit.Type.String(), kit.Type.Null()]),
    answers: kit.Type.Integer(),
    approved: kit.Type.Integer(),
    timed: kit.Type.Integer({
      description: 'answers of which it is known when their page was opened',
    }),
    hasty: kit.Type.Integer({ description: 'of these, answers within 3 s' }),
    busiest_hour: kit.Type.Integer({ description: 'most answers within one hour' }),
  })

const Reason = ({ Type }: SchemaKit) =>
  Type.Optional(Type.String({ maxLength: 500, description: 'the agent is told with a denial' }))
const DigestOfPage = ({ Type }: SchemaKit) =>
  Type.String({ maxLength: 64, description: '`shown` of the request as the caller saw it' })
const request = input('<id>', 'the request')

/**
 * `remit approvals …`. INVARIANT: nothing here approves by itself: an approval is confirmed by the same person on a page, in `remit dev` too
 * (contract 10, decision 0081), since a thief of a session could otherwise approve the calls of its agent.
 */
export const APPROVALS = noun({
  name: 'approvals',
  says: 'Calls that wait for a person.',
  operations: {
    list: describe({
      id: 'requests.list',
      route: 'GET /access-requests',
      who: 'person',
      says: 'Requests that wait, oldest first: for the caller’s answer, and on the caller’s behalf. Each is answered on its page.',
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
    show: describe({
      id: 'requests.show',
      route: 'GET /access-requests/:id',
      who: 'person',
      says: 'One request that concerns the caller, with exactly what is sent, and what became of it.',
      schemas: (kit) => ({ params: kit.ById, answer: WholeRequest(kit) }),
      command: (terminal) => ({
        examples: ['remit approvals show req_…'],
        takes: { params: { id: request } },
        prints: (shown) => wholeRequestLines(shown, terminal),
      }),
    }),
    approve: describe({
      id: 'requests.approve',
      route: 'POST /access-requests/:id/approve',
      who: 'person',
      widens: true,
      confirmedInDevelopment: true,
      says: 'Approves one call, once: exactly what was shown. Confirmed by the caller on a page; calls of high risk are approved on their own page only.',
      schemas: (kit) => ({
        params: kit.ById,
        body: kit.exactly({ shown: DigestOfPage(kit), reason: Reason(kit) }),
        answer: WholeRequest(kit),
      }),
      confirms: ({ params }) => `Approve the call of ${params.id} once`,
    }),
    deny: describe({
      id: 'requests.deny',
      route: 'POST /access-requests/:id/deny',
      who: 'person',
      widens: false,
      says: 'Denies one call. The agent is told the reason.',
      schemas: (kit) => ({
        params: kit.ById,
        body: kit.exactly({
          shown: DigestOfPage(kit),
          reason: Reason(kit),
          consequence: kit.Type.Optional(
            kit.Type.Enum(['end_task', 'report'], {
              description:
                'also closes the task, or suspends the agent and tells its owner and administrators',
            }),
          ),
        }),
        answer: WholeRequest(kit),
      }),
      command: ({ bold, done }) => ({
        examples: ['remit approvals deny req_… --shown … --reason "not this one"'],
        takes: {
          params: { id: request },
          body: {
            shown: input('--shown <digest>', 'what `remit approvals show` printed', {
              required: true,
            }),
            reason: input('--reason <text>', 'why; the agent is told'),
            consequence: input('--also <act>', 'what else happens', {
              choices: ['end_task', 'report'],
            }),
          },
        },
        said: ({ answer }) => done`${bold(answer.text)} is denied`,
      }),
    }),
    figures: describe({
      id: 'requests.figures',
      route: 'GET /approval-figures',
      who: 'person',
      says: 'How the caller answered in the last 30 days; for administrators, how everybody did.',
      schemas: (kit) => ({ answer: kit.listOf('figures', Figures(kit)) }),
      command: ({ table }) => ({
        prints: ({ figures }) =>
          table(
            figures,
            {
              WHO: ({ name, person }) => name ?? person,
              ANSWERS: 'answers',
              APPROVED: ({ answers, approved }) => `${Math.round((100 * approved) / answers)} %`,
              'UNDER 3 S': ({ hasty, timed }) => `${hasty} of ${timed}`,
              'MOST IN AN HOUR': 'busiest_hour',
            },
            'No one answered anything.',
          ),
      }),
    }),
  },
})
