import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { reason } from '../operation-kit/shared-sources.ts'
import type { Terminal } from '../operation-kit/terminal.ts'

const Stopped = ({ Type }: SchemaKit) =>
  Type.Object({ stopped: Type.Boolean({ description: 'nothing is permitted to any agent' }) })

const Change = (kit: SchemaKit) => ({ body: kit.Reason, answer: Stopped(kit) })

/** Command that stops everything, or lets it go on. */
function changes(example: string, now: string, { done }: Pick<Terminal, 'done'>) {
  return {
    examples: [example],
    takes: { body: { reason } },
    said: () => done`${now}`,
  }
}

/** `remit everything …` */
export const EVERYTHING = noun({
  name: 'everything',
  says: 'All calls of all agents, at once.',
  operations: {
    show: describe({
      route: 'GET /everything',
      says: 'Whether everything is stopped.',
      schemas: (kit) => ({ answer: Stopped(kit) }),
      command: ({ facts }) => ({
        examples: ['remit everything show'],
        prints: ({ stopped }) => facts([['everything', stopped ? 'is stopped' : 'goes on']]),
      }),
    }),
    stop: describe({
      route: 'POST /everything/stop',
      widens: false,
      says: 'Stops every call, task and token of every agent, now. Nothing is closed. When the command returns, no replica permits anything.',
      schemas: Change,
      command: (terminal) =>
        changes('remit everything stop --reason "…"', 'Everything is stopped', terminal),
    }),
    resume: describe({
      route: 'POST /everything/resume',
      widens: true,
      says: 'Lets everything go on that was not stopped by itself. Tasks go on with their keys; resource tokens from before stay dead.',
      schemas: Change,
      confirms: () => 'Let all agents go on, with the tasks and keys that they have',
      command: (terminal) =>
        changes('remit everything resume --reason "…"', 'Everything goes on', terminal),
    }),
  },
})
