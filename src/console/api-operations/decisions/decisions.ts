import { describe, noun, type SchemaKit, type TypeOf } from '../../operation-kit/operation.ts'
import { limit } from '../../operation-kit/shared-sources.ts'
import { input } from '../../operation-kit/source.ts'
import type { Terminal } from '../../operation-kit/terminal.ts'
import { Explanation, explainLines } from './explanation.ts'

const Decisions = ({ Decision, listOf }: SchemaKit) => listOf('decisions', Decision)

type DecisionAnswer = TypeOf<
  { answer: ReturnType<typeof Decisions> },
  'answer'
>['decisions'][number]

/** Outcome of a call, in a few words. */
function outcomeWords(
  { outcome, reason, state, status }: DecisionAnswer,
  { dim, green, red, yellow }: Terminal,
) {
  if (outcome === 'challenged') return dim('asked to prove its key with a nonce')
  if (outcome === 'deny') return red(`refused: ${reason}`)
  if (outcome === 'requestable') return yellow('a person has to approve it')
  switch (state) {
    case 'answered':
      return (status ?? 0) >= 400
        ? yellow(`permitted; the API answered ${status}`)
        : green(`done; the API answered ${status}`)
    case 'failed':
      return yellow('permitted; the API failed, its effect is unknown')
    case 'not_sent':
      return dim('permitted, but not sent')
    case 'indeterminate':
      return yellow('permitted; the outcome is unknown')
    default:
      return green('permitted; under way')
  }
}

/** `remit decisions …` */
export const DECISIONS = noun({
  name: 'decisions',
  says: 'What was decided about calls, and why.',
  operations: {
    list: describe({
      route: 'GET /decisions',
      who: 'person',
      says: 'Decisions, newest first: about your tasks, or all for administrators.',
      schemas: (kit) => ({
        query: kit.exactly({
          ...kit.Page,
          task: kit.Type.Optional(kit.Type.String({ maxLength: 64 })),
          agent: kit.Type.Optional(kit.Name),
        }),
        answer: Decisions(kit),
      }),
      command: (terminal) => ({
        examples: [
          'remit decisions list --agent refund-bot --limit 10',
          'remit decisions list --task tsk_…',
        ],
        takes: {
          query: {
            agent: input('--agent <name>', 'only those about this agent'),
            task: input('--task <id>', 'only those of this task'),
            limit,
          },
        },
        prints: ({ decisions }) => {
          const { bold, dim, relative, table } = terminal
          return table(
            decisions,
            {
              DECISION: 'id',
              WHEN: ({ at }) => relative(at),
              AGENT: ({ agent }) => bold(agent ?? '–'),
              ACTION: ({ action }) => action ?? dim('–'),
              OUTCOME: (each) => outcomeWords(each, terminal),
            },
            'Nothing was decided yet.',
          )
        },
      }),
    }),
    explain: describe({
      route: 'GET /decisions/:id',
      who: 'person',
      says: 'Why a call was answered as it was: gates, rules, and what would have been enough. Policy text for administrators only.',
      schemas: (kit) => ({ params: kit.ById, answer: Explanation(kit) }),
      command: (terminal) => ({
        says: 'Why a call was answered as it was, and what would have been enough.',
        examples: ['remit decisions explain dec_…   # the id is in every refusal'],
        takes: { params: { id: input('<id>', 'the decision') } },
        prints: (explanation) => explainLines(explanation, terminal),
      }),
    }),
  },
})
