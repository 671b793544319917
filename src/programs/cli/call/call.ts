import { type Command, Option } from 'commander'
import { dim } from '../../../platform/lib/terminal/text.ts'
import type { OpenTask } from '../agent/client.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandExit, CommandFailure, usage } from '../failure.ts'
import { readTextFile } from './asked.ts'
import { closeKept, endTask } from './end.ts'
import { KeptTasks } from './kept-tasks.ts'
import type { CallAnswer, CallToSend } from './send.ts'
import { findTarget } from './target.ts'
import { type PeopleOptions, throughPeople } from './through-people.ts'
import {
  type CallWork,
  keptTasks,
  openTaskFor,
  readWork,
  tellTask,
  type WorkOptions,
} from './work.ts'
import { writeBody, writeJson } from './write-body.ts'

interface CallOptions extends WorkOptions, PeopleOptions {
  readonly data?: string
  readonly newTask?: true
  readonly end?: true
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

/** `remit call METHOD API/PATH`: one request as an agent, through the gateway. `remit call end`: ends the task of such calls. */
export function callCommand(start: Start): Command {
  return command('call', 'Makes a request as an agent, which curl cannot.', [
    'remit call --agent refund-bot --person sam --purpose "refund order 1042" GET orders/orders/1042',
    `remit call --person sam --purpose "refund order 1042" POST orders/orders/1042/refunds -d '{"amount": 900.00}' --wait`,
    'remit call --agent invoice-bot --key invoice-bot.jwk --sign-in --purpose "invoice 7" GET billing/invoices/7',
    `remit call --person sam --purpose "look" --details '{"actions":["orders.read"],"bounds":[{"path":"/order_id","op":"eq","value":"1042"}]}' GET orders/orders/1042`,
    'remit call end --purpose "refund order 1042"   # closes the task: everything it held is dead',
  ])
    .argument('<method>', 'GET, POST, …; or `end`, to close the task that calls belonged to')
    .argument('[api/path]', 'the API by its name, and a path there; or a URL at the gateway')
    .option('--agent <name>', 'as which agent; else the only one with a key here')
    .option('--key <file>', 'its private key, as JWK; else .remit/agents/NAME.jwk')
    .option('--person <name>', 'for this sample person of `remit dev`')
    .option('--sign-in', 'for the person who signs in now, in the browser')
    .option('--subject-token <file>', 'for whom this ID token speaks; - for standard input')
    .addOption(
      new Option('--subject-token-type <type>', 'when it is no ID token').choices([
        'id_token',
        'access_token',
      ]),
    )
    .option('--provider <issuer>', 'where they sign in, when the agent has clients at several')
    .option('--purpose <text>', 'what it is for; people read it. Calls of one purpose share a task')
    .option('--details <json|@file>', 'what the task is for; else what this call needs')
    .option(
      '--scope <scope>',
      'the same by an OAuth scope, such as orders.read; once for each',
      (scope: string, before: readonly string[] = []) => [...before, scope],
    )
    .option('--all', 'the same: all that the agent may do there')
    .option('-d, --data <json|@file|->', 'the body')
    .option(
      '--wait',
      'wait for the people who have to agree or approve, then send the very same call',
    )
    .option('--ask-again', 'when it was approved and executed before: ask the people again')
    .option('--new-task', 'open a new task, even if one is open')
    .option('--end', 'close the task afterwards')
    .action(
      async (
        method: string,
        target: string | undefined,
        options: CallOptions,
        invoked: Command,
      ) => {
        const cli = await start(invoked)
        if (method === 'end') return closeKept(cli, options, target)
        await callOnce(cli, checkedMethod(method), target, options)
      },
    )
}

function checkedMethod(given: string): string {
  const method = given.toUpperCase()
  if (!METHODS.has(method)) {
    throw usage(`\`${given}\` is no method`, 'remit call … GET orders/orders/1042')
  }
  return method
}

async function callOnce(
  cli: Cli,
  method: string,
  path: string | undefined,
  options: CallOptions,
): Promise<void> {
  if (path === undefined) throw usage('Say what to call', 'remit call … GET orders/orders/1042')
  const target = await findTarget(cli, path)
  const work = await readWork(cli, { method, target }, options)
  const body = await readBody(cli, options.data)
  const call = { method, url: work.target.url, resource: work.target.identifier, body }
  if (!options.newTask && (await callInKept(cli, work, call, options))) return
  const wait = options.wait === true || cli.world.interactive
  await callWith(cli, await openTaskFor(cli, work, wait), call, options)
}

/** Number of open tasks that are tried before another is opened. */
const MAX_TRIED = 4

/** The call in a task that is open already. False: there is none that covers it, and nothing was done. */
async function callInKept(
  cli: Cli,
  work: CallWork,
  call: CallToSend,
  options: CallOptions,
): Promise<boolean> {
  const kept = (await keptTasks(cli, work)).slice(0, MAX_TRIED)
  for (const task of kept) {
    tellTask(cli, work, task, 'open')
    const onlyCovered = !work.asked.said
    const done = await callWith(cli, task, call, { ...options, onlyCovered })
    if (done === 'done') return true
    if (done === 'not covered') cli.say(dim('  that task does not cover this call'))
  }
  return false
}

/**
 * One call in one task, told and printed. `unknown task`: the server never heard of it, so nothing was done. `not covered`: neither,
 * and another task may cover it.
 */
async function callWith(
  cli: Cli,
  task: OpenTask,
  call: CallToSend,
  options: CallOptions & PeopleOptions,
): Promise<'done' | 'unknown task' | 'not covered'> {
  const tasks = new KeptTasks(cli.world)
  let answer: CallAnswer
  try {
    const found = await throughPeople(cli, task, call, options)
    if (found === 'not covered') return found
    answer = found
  } catch (error) {
    const code = error instanceof CommandFailure ? (error.code ?? '') : ''
    if (ENDED.test(code)) await tasks.forget(task.id)
    if (!UNKNOWN.test(code)) throw error
    await tasks.forget(task.id)
    return 'unknown task'
  }
  try {
    if (cli.json) await writeJson(cli, answer, task.id)
    else await writeBody(cli, answer)
  } finally {
    if (options.end) await endTask(cli, task)
  }
  if (answer.response.status >= 400) throw new CommandExit(1)
  return 'done'
}

/** A person ended it: that is told, and the next call opens another. */
const ENDED = /^(?:task\.closed|token\.expired)$/
/** Codes for a task of another life of this server, as after `remit dev --reset`. */
const UNKNOWN = /^(?:task\.unknown|token\.(?:unknown_task|unknown_key|bad_signature))$/

async function readBody(cli: Cli, given: string | undefined): Promise<string | undefined> {
  if (given === '-') return Buffer.from(await cli.world.readInput()).toString('utf8')
  return given?.startsWith('@') ? readTextFile(cli.world, given.slice(1)) : given
}
