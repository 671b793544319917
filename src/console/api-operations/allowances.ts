import { describe, noun, type SchemaKit, type TypeOf } from '../operation-kit/operation.ts'
import { input } from '../operation-kit/source.ts'
import type { Terminal } from '../operation-kit/terminal.ts'

export const Allowance = ({ Time, Type }: SchemaKit) =>
  Type.Object({
    id: Type.String(),
    text: Type.String({ description: 'which calls it means, in words' }),
    agent: Type.String(),
    person: Type.String(),
    person_name: Type.Union([Type.String(), Type.Null()]),
    action: Type.String(),
    task: Type.Union([Type.String(), Type.Null()], { description: 'null: in every task' }),
    request: Type.String({ description: 'the access request that it answered' }),
    given_by: Type.Array(
      Type.Object({ id: Type.String(), name: Type.Union([Type.String(), Type.Null()]) }),
    ),
    uses: Type.Union([Type.Integer(), Type.Null()], { description: 'null: as often as needed' }),
    uses_left: Type.Union([Type.Integer(), Type.Null()]),
    created_at: Time,
    expires_at: Time,
    last_used_at: Type.Union([Time, Type.Null()]),
    ended_at: Type.Union([Time, Type.Null()]),
    ended_by: Type.Union([Type.String(), Type.Null()]),
  })

type AllowanceAnswer = TypeOf<{ answer: ReturnType<typeof Allowance> }, 'answer'>

function allowanceLines(
  allowance: AllowanceAnswer,
  { bold, dim, facts, relative, text }: Terminal,
) {
  const { agent, given_by: givers, last_used_at: lastUsed, person, person_name } = allowance
  const { task, uses, uses_left } = allowance
  return [
    bold(allowance.text),
    ...facts([
      ['id', allowance.id],
      ['left', uses === null ? 'as often as needed' : `${uses_left} of ${uses}`],
      ['for', text`${agent} on behalf of ${person_name ?? person}, ${task ?? 'in every task'}`],
      ['ends', relative(allowance.expires_at)],
      ['last used', lastUsed === null ? dim('not yet') : relative(lastUsed)],
      ['given by', givers.map(({ id, name }) => name ?? id).join(', ')],
    ]),
    '',
  ]
}

/** `remit allowances …`. INVARIANT: allowances are listed and ended here; giving one is for pages only (contract 10). */
export const ALLOWANCES = noun({
  name: 'allowances',
  says: 'Answers of people that count for more than one call.',
  operations: {
    list: describe({
      route: 'GET /allowances',
      who: 'person',
      says: 'The allowances in force that concern the caller: given by them, for calls on their behalf; all, for administrators.',
      schemas: (kit) => ({ answer: kit.listOf('allowances', Allowance(kit)) }),
      command: (terminal) => ({
        says: 'Those that you gave, and those for calls on your behalf.',
        usual: true,
        prints: ({ allowances }) =>
          allowances.length === 0
            ? [terminal.dim('There are no allowances. Every such call asks.')]
            : allowances.flatMap((each) => allowanceLines(each, terminal)).slice(0, -1),
      }),
    }),
    show: describe({
      route: 'GET /allowances/:id',
      who: 'person',
      says: 'One allowance that concerns the caller, in force or over.',
      schemas: (kit) => ({ params: kit.ById, answer: Allowance(kit) }),
    }),
    end: describe({
      route: 'DELETE /allowances/:id',
      who: 'person',
      widens: false,
      says: 'Ends an allowance. Such calls ask people again. Ending it twice is no error.',
      schemas: (kit) => ({ params: kit.ById, answer: Allowance(kit) }),
      command: ({ bold, done }) => ({
        examples: ['remit allowances end alw_…'],
        takes: { params: { id: input('<id>', 'the allowance') } },
        said: ({ answer }) => done`${bold(answer.text)} asks again`,
      }),
    }),
  },
})
