import { input, reason } from './command.ts'
import { describe, noun, type SchemaKit } from './operation.ts'
import type { Terminal } from './terminal.ts'

const orAbove = { description: 'null: as the space above says' } as const

const Mode = ({ Type }: SchemaKit) =>
  Type.Union([Type.Literal('requester'), Type.Literal('intersection'), Type.Literal('agent')])

const Kind = ({ Type }: SchemaKit) =>
  Type.Union([
    Type.Literal('organization'),
    Type.Literal('workspace'),
    Type.Literal('channel'),
    Type.Literal('direct'),
  ])

const Rules = (kit: SchemaKit) => {
  const { Detail, Type } = kit
  const Texts = Type.Array(Type.String({ maxLength: 80 }), { maxItems: 200 })
  return {
    title: Type.Optional(Type.String({ maxLength: 200 })),
    mode: Type.Optional(Type.Union([Mode(kit), Type.Null()], orAbove)),
    people: Type.Optional(
      Type.Union([Texts, Type.Null()], {
        description:
          'for whom tasks may be opened here: `group:name`, `person:psn_…`; each space above has to let them in, too. null: whoever may above',
      }),
    ),
    agents: Type.Optional(
      Type.Union([Texts, Type.Null()], { description: 'which agents may open them; likewise' }),
    ),
    details: Type.Optional(
      Type.Union([Type.Array(Detail, { maxItems: 64 }), Type.Null()], {
        description: 'the most that may be done here; null restricts nothing',
      }),
    ),
  }
}

const Space = (kit: SchemaKit) => {
  const { KeptDetail, Type } = kit
  return Type.Object({
    name: kit.Name,
    kind: Kind(kit),
    parent: Type.Union([Type.String(), Type.Null()]),
    title: Type.String(),
    mode: Type.Union([Mode(kit), Type.Null()], orAbove),
    people: Type.Union([Type.Array(Type.String()), Type.Null()]),
    agents: Type.Union([Type.Array(Type.String()), Type.Null()]),
    details: Type.Union([Type.Array(KeptDetail), Type.Null()]),
    status: Type.Enum(['active', 'suspended', 'removed']),
    created_by: Type.String(),
    created_at: kit.Time,
  })
}

const SpaceAnswer = (kit: SchemaKit) =>
  kit.Type.Intersect([
    Space(kit),
    kit.Type.Object({
      counts: kit.Type.Union(Mode(kit).anyOf, {
        description: 'the mode that counts, by this space or one above',
      }),
      above: kit.Type.Array(kit.Type.String(), {
        description: 'the spaces above it, nearest first',
      }),
    }),
  ])

const Change = ({ ByName, Nothing, Reason }: SchemaKit) => ({
  params: ByName,
  body: Reason,
  answer: Nothing,
})

/** Command that changes how a space stands. */
function change(verb: string, now: string, { bold, done }: Terminal) {
  interface Named {
    readonly params: { readonly name: string }
  }
  return {
    examples: [`remit spaces ${verb} returns --reason "…"`],
    takes: { params: { name: input('<name>', 'the space') }, body: { reason } },
    said: ({ params: { name } }: Named) => done`${bold(name)} ${now}`,
    json: ({ params: { name } }: Named) => ({ space: name, done: verb }),
  }
}

/** `remit spaces …` */
export const SPACES = noun({
  name: 'spaces',
  says: 'Where people and agents meet: the organization, workspaces, channels, direct messages.',
  operations: {
    list: describe({
      route: 'GET /spaces',
      says: 'Every space, by name.',
      schemas: (kit) => ({ answer: kit.listOf('spaces', Space(kit)) }),
      command: ({ bold, dim, green, table }) => ({
        prints: ({ spaces }) =>
          table(
            spaces,
            {
              NAME: ({ name }) => bold(name),
              KIND: 'kind',
              IN: ({ parent }) => parent ?? dim('–'),
              MODE: ({ mode }) => mode ?? dim('as above'),
              STATUS: ({ status }) => (status === 'active' ? green(status) : status),
            },
            'No spaces yet: tasks are in none, which restricts nothing.',
          ),
      }),
    }),
    show: describe({
      route: 'GET /spaces/:name',
      says: 'One space, those above it, and the mode that counts there.',
      schemas: (kit) => ({ params: kit.ByName, answer: SpaceAnswer(kit) }),
    }),
    create: describe({
      route: 'POST /spaces',
      widens: true,
      says: 'Makes a space in another one, or the organization. Its name is never given again.',
      schemas: (kit) => ({
        body: kit.exactly({
          name: kit.Name,
          kind: Kind(kit),
          parent: kit.Type.Optional(kit.Name),
          ...Rules(kit),
        }),
        answer: SpaceAnswer(kit),
      }),
    }),
    set: describe({
      id: 'spaces.change',
      route: 'PUT /spaces/:name',
      widens: true,
      says: 'Changes what a space says; what is left out stays. It counts for tasks that run, at once.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly(Rules(kit)),
        answer: SpaceAnswer(kit),
      }),
    }),
    suspend: describe({
      route: 'POST /spaces/:name/suspend',
      widens: false,
      says: 'Stops every call from a space and those below it, now.',
      schemas: Change,
      command: (terminal) => change('suspend', 'is suspended', terminal),
    }),
    resume: describe({
      route: 'POST /spaces/:name/resume',
      widens: true,
      says: 'Lets calls go on.',
      schemas: Change,
      command: (terminal) => change('resume', 'goes on', terminal),
    }),
    remove: describe({
      route: 'POST /spaces/:name/remove',
      widens: false,
      says: 'Ends a space and everything below it, for good. Tasks there close.',
      schemas: Change,
      command: (terminal) => change('remove', 'is removed', terminal),
    }),
  },
})
