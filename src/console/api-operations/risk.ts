import { RISKS } from '@remit/engine/risk'
import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { expires } from '../operation-kit/shared-sources.ts'
import { input } from '../operation-kit/source.ts'

const KINDS = ['agent', 'person', 'task'] as const

const Subject = ({ exactly, Type }: SchemaKit) =>
  exactly({
    kind: Type.Enum(['agent', 'person', 'task']),
    id: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'name of an agent, id of a person or a task',
    }),
  })

/** A signal as it is raised; see docs/risk.md. */
export const SignalInput = (kit: SchemaKit) =>
  kit.exactly({
    subject: Subject(kit),
    signal: kit.Type.String({ maxLength: 64, description: 'its name, such as `leaked-key`' }),
    level: kit.Type.Enum(RISKS),
    expires_at: kit.Type.String({
      format: 'date-time',
      maxLength: 40,
      description: 'RFC 3339; at most 30 days from now',
    }),
  })

export const Signal = (kit: SchemaKit) =>
  kit.Type.Object({
    subject: Subject(kit),
    signal: kit.Type.String(),
    level: kit.Type.Enum(RISKS),
    source: kit.Type.String({ description: '`source:<name>`, or the id of a person' }),
    raised_at: kit.Time,
    expires_at: kit.Time,
  })

const subject = input('<about>', 'agent:NAME, person:psn_… or task:tsk_…', {
  read: (about, { usage }) => {
    const [, said, id] = /^(\w+):(.+)$/.exec(about) ?? []
    const kind = KINDS.find((each) => each === said)
    if (kind !== undefined && id !== undefined) return { kind, id }
    throw usage(
      `\`${about}\` does not say what it is about`,
      'agent:NAME, person:psn_… or task:tsk_…',
    )
  },
})

/** `remit risk …`: signals that others raise about agents, people and tasks. */
export const RISK = noun({
  name: 'risk',
  says: 'Risk signals about agents, people and tasks: they make calls weigh more.',
  operations: {
    list: describe({
      id: 'signals.list',
      route: 'GET /risk-signals',
      says: 'Signals in force, newest first.',
      schemas: (kit) => ({ answer: kit.listOf('signals', Signal(kit)) }),
      command: ({ bold, relative, risk, table }) => ({
        prints: ({ signals }) =>
          table(
            signals,
            {
              ABOUT: ({ subject: { id, kind } }) => bold(`${kind}:${id}`),
              SIGNAL: 'signal',
              LEVEL: ({ level }) => risk(level),
              'SAID BY': 'source',
              ENDS: ({ expires_at }) => relative(expires_at),
            },
            'There are no signals.',
          ),
      }),
    }),
    raise: describe({
      id: 'signals.raise',
      route: 'POST /risk-signals',
      widens: false,
      says: 'Raises a risk signal about an agent, a person or a task, until a time. It counts from the next call on. Raised again, it takes the higher level and the later end.',
      schemas: (kit) => ({ body: SignalInput(kit), answer: Signal(kit) }),
      command: ({ bold, done, relative, risk }) => ({
        examples: [
          'remit risk raise agent:refund-bot leaked-key high --expires 12h',
          'remit risk raise task:tsk_… odd-behaviour medium --expires 1h',
        ],
        takes: {
          body: {
            subject,
            signal: input('<signal>', 'its name, such as leaked-key'),
            level: input('<level>', 'low, medium, high or critical', { choices: RISKS }),
            expires_at: expires('--expires <when>', '12h, 7d, or a time; 30 days at most', true),
          },
        },
        said: ({ answer, typed }) =>
          done`${bold(answer.signal)} (${risk(answer.level)}) is raised about ${typed('<about>')}; it ends ${relative(answer.expires_at)}`,
      }),
    }),
    end: describe({
      id: 'signals.end',
      route: 'POST /risk-signals/end',
      widens: true,
      says: 'Takes a signal back before its time.',
      schemas: (kit) => ({
        body: kit.exactly({
          subject: Subject(kit),
          signal: kit.Type.String({ maxLength: 64 }),
          source: kit.Type.String({ maxLength: 100 }),
        }),
        answer: kit.Nothing,
      }),
      confirms: ({ body }) =>
        `Take back the signal ${body.signal} about ${JSON.stringify(body.subject)}`,
      command: ({ bold, done }) => ({
        examples: ['remit risk end agent:refund-bot leaked-key --source source:our-siem'],
        takes: {
          body: {
            subject,
            signal: input('<signal>', 'its name'),
            source: input('--source <who>', 'who said it, as `remit risk list` shows', {
              required: true,
            }),
          },
        },
        said: ({ body, typed }) =>
          done`${bold(body.signal)} about ${typed('<about>')} is taken back`,
        json: ({ body }) => ({ ...body, ended: true }),
      }),
    }),
  },
})
