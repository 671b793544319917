import { describe, type SchemaKit } from '../../operation-kit/operation.ts'
import { input, orNone, repeated } from '../../operation-kit/source.ts'
import type { Terminal } from '../../operation-kit/terminal.ts'

const action = input('<action>', 'such as orders.refund')

const ByAction = ({ exactly, Type }: SchemaKit) =>
  exactly({
    action: Type.String({ pattern: '^[a-z][a-z0-9-]*\\.[A-Za-z0-9._-]{1,128}$' }),
  })

const Mark = (kit: SchemaKit) => ({
  params: ByAction(kit),
  body: kit.exactly({
    path: kit.Type.Union([kit.Type.String({ maxLength: 500 }), kit.Type.Null()], {
      description: 'JSON Pointer; null: no argument does',
    }),
  }),
  answer: kit.Action,
})

/** Command that says which argument risk signals look at. */
function mark(
  name: string,
  words: string,
  example: string,
  { bold, done }: Pick<Terminal, 'bold' | 'done'>,
) {
  interface MarkedAction {
    readonly answer: { readonly name: string }
    readonly body: { readonly path: string | null }
  }
  return {
    examples: [
      `remit resources ${name} ${example}`,
      `remit resources ${name} orders.refund --none`,
    ],
    takes: {
      params: { action },
      body: {
        path: orNone(
          input(
            '[path]',
            'JSON Pointer to the argument, such as /amount; * stands for every member of a list',
          ),
          input('--none', 'no argument does'),
        ),
      },
    },
    said: ({ answer, body: { path } }: MarkedAction) =>
      path === null
        ? done`${bold(answer.name)} has no ${name} any more`
        : done`${bold(answer.name)} ${words} ${path}`,
  }
}

/** Operations on what administrators say about an action: its risk, its sentence, the arguments that risk signals look at. */
export const ACTION_SETTINGS = {
  risk: describe({
    id: 'actions.set_risk',
    route: 'PUT /actions/:action/risk',
    widens: true,
    says: 'Sets the risk class of an action.',
    schemas: (kit) => ({
      params: ByAction(kit),
      body: kit.exactly({ risk: kit.Type.String() }),
      answer: kit.Action,
    }),
    confirms: ({ body, params }) => `Count ${params.action} as ${body.risk} risk`,
  }),
  'accept-risks': describe({
    route: 'POST /resources/:name/risks/accept',
    widens: true,
    says: 'Accepts proposed risk classes of a resource exactly as they were looked at, all of them or none. Answers every action of it.',
    schemas: ({ Action, ByName, exactly, listOf, Type }) => ({
      params: ByName,
      body: exactly({
        risks: Type.Array(
          exactly({
            action: Type.String({ maxLength: 200 }),
            risk: Type.String({ maxLength: 16, description: 'as it was shown' }),
          }),
          { minItems: 1, maxItems: 10_000 },
        ),
      }),
      answer: listOf('actions', Action),
    }),
    confirms: ({ body, params }) =>
      `Accept proposed risk classes of ${params.name}, for ${body.risks.length} actions`,
  }),
  rename: describe({
    id: 'actions.rename',
    route: 'PUT /actions/:action/name',
    widens: true,
    says: 'Gives an action another name, by which people know it from now on. Tokens, records and what was stored keep its own name; each name that it was given goes on to mean it.',
    schemas: (kit) => ({
      params: ByAction(kit),
      body: kit.exactly({ name: kit.Type.String({ maxLength: 200 }) }),
      answer: kit.Action,
    }),
    confirms: ({ body, params }) => `Call ${params.action} ${body.name} where people see it`,
    command: ({ bold, done }) => ({
      examples: ['remit resources rename shop.create-order-orders-post shop.create-order'],
      takes: {
        params: { action },
        body: { name: input('<name>', 'such as orders.refund; begins with the name of its API') },
      },
      said: ({ answer }) => done`${bold(answer.name)} is called ${answer.names[0] ?? answer.name}`,
    }),
  }),
  sentence: describe({
    id: 'actions.set_sentence',
    route: 'PUT /actions/:action/sentence',
    widens: true,
    says: 'Sets the sentence that people read before they approve a call, such as `Refund {amount} on order {order_id}`.',
    schemas: (kit) => ({
      params: ByAction(kit),
      body: kit.exactly({ sentence: kit.Type.String({ maxLength: 500 }) }),
      answer: kit.Action,
    }),
    confirms: ({ body, params }) =>
      `Show people “${body.sentence}” when they approve ${params.action}`,
    command: ({ bold, done }) => ({
      examples: ['remit resources sentence orders.refund "Refund {amount} on order {order_id}"'],
      takes: {
        params: { action },
        body: { sentence: input('<text>', 'with arguments in braces') },
      },
      said: ({ answer }) => done`${bold(answer.name)} reads: ${answer.sentence}`,
    }),
  }),
  counterparty: describe({
    id: 'actions.set_counterparty',
    route: 'PUT /actions/:action/counterparty',
    widens: true,
    says: 'Says which argument names whom a call is about, such as `/to`. Risk signals look at it.',
    schemas: Mark,
    confirms: ({ body, params }) =>
      `Take ${body.path ?? 'nothing'} of ${params.action} for whom a call is about`,
    command: (terminal) =>
      mark('counterparty', 'is about the party named by', 'bank.pay /recipient/iban', terminal),
  }),
  size: describe({
    id: 'actions.set_size',
    route: 'PUT /actions/:action/size',
    widens: true,
    says: 'Says which argument tells how large a call is, such as `/amount`. Risk signals look at it.',
    schemas: Mark,
    confirms: ({ body, params }) =>
      `Take ${body.path ?? 'nothing'} of ${params.action} for how large a call is`,
    command: (terminal) => mark('size', 'is as large as', 'orders.refund /amount', terminal),
  }),
  display: describe({
    id: 'actions.set_display',
    route: 'PUT /actions/:action/display',
    widens: true,
    says: 'Says how people are shown an argument: as an amount, a measure, a time, a person or a link. What is sent stays as it is.',
    schemas: (kit) => ({
      params: ByAction(kit),
      body: kit.exactly({
        path: kit.Type.String({ maxLength: 500, description: 'JSON Pointer' }),
        display: kit.Type.Union([kit.Type.String({ maxLength: 300 }), kit.Type.Null()], {
          description:
            '`currency:EUR`, `currency:/currency`, `currency:EUR:minor`, `unit:kg`, `date`, `person`, `link` or `link:shop.example`; null: like any other',
        }),
      }),
      answer: kit.Action,
    }),
    confirms: ({ body, params }) =>
      `Show people ${body.path} of ${params.action} as ${body.display ?? 'it is sent'}`,
    command: ({ bold, done }) => ({
      examples: [
        'remit resources display orders.refund /amount currency:EUR',
        'remit resources display orders.refund /amount --none',
      ],
      takes: {
        params: { action },
        body: {
          path: input('<path>', 'JSON Pointer to the argument, such as /amount'),
          display: orNone(
            input(
              '[display]',
              'such as currency:EUR, currency:/currency, unit:kg, date, person, link',
            ),
            input('--none', 'as it is sent'),
          ),
        },
      },
      said: ({ answer, body: { display, path } }) =>
        display === null
          ? done`${path} of ${bold(answer.name)} is shown as it is sent`
          : done`${path} of ${bold(answer.name)} is shown as ${display}`,
    }),
  }),
  'approval-preview': describe({
    id: 'actions.set_preview',
    route: 'PUT /actions/:action/preview',
    widens: true,
    says: 'Names an action that only reads, which shows approvers what a call is about before they answer. What is sent stays as it is.',
    schemas: (kit) => ({
      params: ByAction(kit),
      body: kit.exactly({
        read: kit.Type.Union([kit.Type.String({ maxLength: 200 }), kit.Type.Null()], {
          description: 'action of the same resource; null: there is no preview',
        }),
        arguments: kit.Type.Optional(
          kit.Type.Array(
            kit.exactly({
              name: kit.Type.String({
                maxLength: 200,
                description: 'of an argument that it takes',
              }),
              path: kit.Type.String({
                maxLength: 500,
                description: 'JSON Pointer to the argument of the call that it is',
              }),
            }),
            { maxItems: 32 },
          ),
        ),
        result: kit.Type.Optional(
          kit.Type.Boolean({
            description: 'its answer is what the call would lead to, as of a dry run',
          }),
        ),
      }),
      answer: kit.Action,
    }),
    confirms: ({ body, params }) =>
      `Show approvers of ${params.action} what ${body.read ?? 'nothing'} answers`,
    command: ({ bold, done }) => ({
      examples: [
        'remit resources approval-preview orders.refund orders.read --from order_id=/order_id',
        'remit resources approval-preview orders.refund --none',
      ],
      takes: {
        params: { action },
        body: {
          read: orNone(
            input('[read]', 'action that only reads, such as orders.read'),
            input('--none', 'there is no preview'),
          ),
          arguments: repeated('--from <name=path>', 'argument of it, and where in the call it is', {
            looks: /^[^=]{1,200}=\/.*$/s,
            otherwise: 'an argument and a JSON Pointer, such as order_id=/order_id',
            read: (typed) => {
              const at = typed.indexOf('=')
              return { name: typed.slice(0, at), path: typed.slice(at + 1) }
            },
          }),
          result: input('--result', 'it shows what the call would lead to, as a dry run does'),
        },
      },
      said: ({ answer, body: { read } }) =>
        read === null
          ? done`${bold(answer.name)} has no preview`
          : done`approvers of ${bold(answer.name)} can look at ${read}`,
    }),
  }),
}
