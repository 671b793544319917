import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { authority, change } from '../operation-kit/shared-sources.ts'
import { input, type Source, together } from '../operation-kit/source.ts'
import {
  KINDS,
  MODE_NAMES,
  Rules,
  Space,
  SpaceAnswer,
  spaceLines,
  Thread,
} from '../operation-kit/space-shape.ts'

const name = input('<name>', 'the space')

const FROM_ABOVE = ['mode', 'people', 'agents', 'details'] as const

const asAbove = input(
  '--as-above <what...>',
  `goes back to what is said above: ${FROM_ABOVE.join(', ')}`,
  {
    read: (names, { usage }) => {
      if (names.every((name) => FROM_ABOVE.some((known) => known === name))) return names
      throw usage(`--as-above knows ${FROM_ABOVE.join(', ')}`)
    },
  },
)

/** Reads a rule, or the choice to inherit it from above. */
function rule<T>(name: (typeof FROM_ABOVE)[number], source: Source<T>): Source<T | null> {
  return together([source, asAbove], ([value, above]) =>
    value === undefined && above?.includes(name) ? null : value,
  )
}

const rules = {
  title: input('--title <text>', 'what people read'),
  mode: rule(
    'mode',
    input('--mode <mode>', 'whose authority counts there', { choices: MODE_NAMES }),
  ),
  people: rule(
    'people',
    input(
      '--people <who...>',
      'for whom tasks may be opened: group:NAME, or a person by id, e-mail or name',
      {
        read: (who, reading) =>
          Promise.all(
            who.map(async (one) =>
              /^(?:group|person):/.test(one) ? one : `person:${await reading.person(one)}`,
            ),
          ),
      },
    ),
  ),
  agents: rule('agents', input('--agents <agent...>', 'which agents may open them')),
  details: rule(
    'details',
    authority(
      input('--at-most <action...>', 'the most that may be done there; "orders.*" for all'),
      input('--at-most-file <file>', 'the same as details with bounds, as JSON'),
      'optional',
    ),
  ),
}

const Change = ({ ByName, Nothing, Reason }: SchemaKit) => ({
  params: ByName,
  body: Reason,
  answer: Nothing,
})

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
      command: (terminal) => ({
        examples: ['remit spaces show returns'],
        takes: { params: { name } },
        prints: (space) => [
          terminal.text`${terminal.bold(space.name)}  ${space.title}`,
          ...spaceLines(space, terminal),
        ],
      }),
    }),
    create: describe({
      route: 'POST /spaces',
      widens: true,
      says: 'Makes a space in another one, or the organization. Its name is never given again.',
      schemas: (kit) => ({
        body: kit.exactly({
          name: kit.Name,
          kind: kit.Type.Enum(KINDS),
          parent: kit.Type.Optional(kit.Name),
          ...Rules(kit),
        }),
        answer: SpaceAnswer(kit),
      }),
      confirms: ({ body }) => `Make the space ${body.name}`,
      command: (terminal) => ({
        says: 'Makes a space. Its name is its id, also in policies, for ever.',
        examples: [
          'remit spaces create acme --kind organization --people group:staff --agents refund-bot',
          'remit spaces create support --kind workspace --in acme',
          'remit spaces create returns --kind channel --in support --mode intersection',
        ],
        takes: {
          body: {
            name: input('<name>', 'lower-case letters, digits and hyphens'),
            kind: input('--kind <kind>', 'what it is', { choices: KINDS, required: true }),
            parent: input('--in <space>', 'the space above it; the organization has none'),
            ...rules,
          },
        },
        said: ({ body }) => terminal.done`the space ${terminal.bold(body.name)} is there`,
        prints: (space) => spaceLines(space, terminal),
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
      confirms: ({ params }) => `Change the space ${params.name}, also for tasks that run`,
      command: (terminal) => ({
        examples: [
          'remit spaces set returns --mode requester',
          'remit spaces set returns --at-most orders.read orders.list',
          'remit spaces set returns --as-above mode details',
        ],
        takes: { params: { name }, body: rules },
        said: ({ params }) =>
          terminal.done`${terminal.bold(params.name)} says so, also to tasks that run`,
        prints: (space) => spaceLines(space, terminal),
      }),
    }),
    suspend: describe({
      route: 'POST /spaces/:name/suspend',
      widens: false,
      says: 'Stops every call from a space and those below it, now.',
      schemas: Change,
      command: (terminal) => ({
        ...change('remit spaces suspend returns --reason "…"', 'is suspended', { name }, terminal),
        json: ({ params }) => ({ space: params.name, done: 'suspend' }),
      }),
    }),
    resume: describe({
      route: 'POST /spaces/:name/resume',
      widens: true,
      says: 'Lets calls go on.',
      schemas: Change,
      confirms: ({ params }) => `Let calls in the space ${params.name} go on`,
      command: (terminal) => ({
        ...change('remit spaces resume returns --reason "…"', 'goes on', { name }, terminal),
        json: ({ params }) => ({ space: params.name, done: 'resume' }),
      }),
    }),
    remove: describe({
      route: 'POST /spaces/:name/remove',
      widens: false,
      says: 'Ends a space and everything below it, for good. Tasks there close.',
      schemas: Change,
      command: (terminal) => ({
        ...change('remit spaces remove returns --reason "…"', 'is removed', { name }, terminal),
        json: ({ params }) => ({ space: params.name, done: 'remove' }),
      }),
    }),
    threads: describe({
      id: 'threads.list',
      route: 'GET /spaces/:name/threads',
      says: 'What surfaces stated of the threads of a space, the newest first.',
      schemas: (kit) => ({
        params: kit.ByName,
        query: kit.exactly(kit.Page),
        answer: kit.listOf('threads', Thread(kit)),
      }),
      command: ({ bold, dim, moment, table, text }) => ({
        examples: ['remit spaces threads returns'],
        takes: { params: { name } },
        prints: ({ threads }, { params }) =>
          table(
            threads,
            {
              THREAD: (thread) => bold(thread.name),
              ASKS: ({ requester }) => requester ?? dim('no one'),
              THERE: ({ participants, strangers }) =>
                `${participants.length} known${strangers > 0 ? `, ${strangers} not` : ''}`,
              AGENTS: ({ agents }) => agents.join(' '),
              STATED: ({ ended_at, stated_at }) =>
                ended_at === null ? moment(stated_at) : text`ended ${moment(ended_at)}`,
            },
            `No surface has stated a thread in ${params.name}.`,
          ),
      }),
    }),
  },
})
