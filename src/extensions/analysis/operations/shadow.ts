import { Draft, MAX_BYTES } from '../../../console/api-operations/policies/schemas.ts'
import {
  describe,
  noun,
  type SchemaKit,
  type TypeOf,
} from '../../../console/operation-kit/operation.ts'
import { input } from '../../../console/operation-kit/source.ts'
import type { Terminal } from '../../../console/operation-kit/terminal.ts'
import type { Value } from '../../../platform/lib/terminal/text.ts'
import { differenceLines, Group } from './differences.ts'

export const Shadow = (kit: SchemaKit) => {
  const { Time, Type } = kit
  return Type.Object({
    draft: Type.Integer(),
    state: Type.Enum(['running', 'stopped', 'replaced', 'published'], {
      description: '`published`: another version came into force, so it has ended',
    }),
    base_version: Type.Integer({ description: 'the version that it is compared with' }),
    note: Type.String(),
    started_by: Type.String(),
    started_by_name: Type.Union([Type.String(), Type.Null()]),
    started_at: Time,
    ended_at: Type.Union([Time, Type.Null()]),
    seen: Type.Integer({ description: 'calls that were looked at' }),
    dropped: Type.Integer({ description: 'calls that were not: too many waited' }),
    denied: Type.Integer(),
    permitted: Type.Integer(),
    asks: Type.Integer(),
    ungrouped: Type.Integer({ description: 'differences beyond the groups that are kept' }),
    groups: Type.Array(Group(kit)),
  })
}

const Status = (kit: SchemaKit) =>
  kit.Type.Object({ shadow: kit.Type.Union([Shadow(kit), kit.Type.Null()]) })

type StatusAnswer = TypeOf<{ answer: ReturnType<typeof Status> }, 'answer'>

function statusLines({ shadow }: StatusAnswer, terminal: Terminal): readonly Value[] {
  const { bold, dim, green, moment, text, yellow } = terminal
  if (!shadow) return [dim('No draft was ever started. `remit policy shadow start PATH` does.')]
  const { asks, base_version: base, denied, draft, dropped, permitted, seen } = shadow
  const states = {
    running: green('running'),
    stopped: 'stopped',
    replaced: 'another draft took its place',
    published: yellow('ended: other policies were published; start it again beside them'),
  }
  const changed = denied + permitted + asks
  const by = shadow.started_by_name ?? shadow.started_by
  return [
    text`draft ${bold(draft)} beside version ${base}: ${states[shadow.state]}`,
    dim(text`  started ${moment(shadow.started_at)} by ${by}`),
    '',
    changed === 0
      ? text`${seen} calls, and it would have answered each of them in the same way`
      : text`${bold(changed)} of ${seen} calls would have been answered differently`,
    ...(dropped > 0 ? [yellow(text`${dropped} more were not looked at: too many at once`)] : []),
    '',
    ...differenceLines(shadow, terminal),
  ]
}

/** `remit policy shadow …` */
export const POLICY_SHADOW = noun({
  name: 'policy shadow',
  says: 'A draft beside the policies in force, on real calls.',
  operations: {
    start: describe({
      id: 'policies.shadow_start',
      route: 'POST /policies/shadow',
      widens: false,
      says: 'Puts a draft beside the policies in force: it sees every call after it was answered, and changes none. A draft that runs already ends.',
      bodyBytes: MAX_BYTES,
      schemas: (kit) => ({ body: Draft(kit), answer: Status(kit) }),
      command: ({ bold, dim, done }) => ({
        says: 'From now on, until it is stopped or other policies are published.',
        examples: ['remit policy shadow start ./policies --note "reading asks, too"'],
        takes: {
          body: {
            text: input('<path...>', 'files, or directories of *.cedar', {
              read: (paths: readonly string[], reading) => reading.policies(paths),
            }),
            note: input('--note <text>', 'what it is about'),
          },
        },
        said: ({ answer: { shadow } }) => [
          done`draft ${bold(shadow?.draft ?? 0)} runs beside version ${shadow?.base_version ?? 0}; no answer changes`,
          dim('  remit policy shadow status   # what it would have answered differently'),
        ],
      }),
    }),
    status: describe({
      id: 'policies.shadow',
      route: 'GET /policies/shadow',
      says: 'The draft that runs beside the policies in force, or the last one that did, and what it would have answered differently.',
      schemas: (kit) => ({ answer: Status(kit) }),
      command: (terminal) => ({
        says: 'What the draft would have answered differently so far.',
        prints: (status) => statusLines(status, terminal),
      }),
    }),
    stop: describe({
      id: 'policies.shadow_stop',
      route: 'DELETE /policies/shadow',
      widens: false,
      says: 'Ends the draft that runs, on every replica. What was found stays.',
      schemas: (kit) => ({ answer: Status(kit) }),
      command: (terminal) => ({
        prints: (status) => statusLines(status, terminal),
      }),
    }),
  },
})
