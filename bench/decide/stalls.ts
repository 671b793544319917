// Measures how long a server's thread does nothing else while somebody publishes, evaluates or sends what was made to hurt. Opens the rooms of a
// server on an empty directory, in a process of its own: monitorEventLoopDelay, longest delay of each, with nothing going on beside it;
// and the processor time that the thread took in its longest turn.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { entitiesFromJson, entityStore } from '@remit/engine'
import { systemClock } from '../../src/platform/lib/clock.ts'
import { parseJson } from '../../src/platform/lib/json.ts'
import { Problem } from '../../src/platform/lib/problem.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { SAMPLE_PEOPLE } from '../../src/programs/dev/sample.ts'
import { seedSample } from '../../src/programs/dev/seed.ts'
import { closeRooms, openRooms, type Rooms } from '../../src/rooms.ts'
import { emptyHome } from '../harness/remit.ts'

const MEBIBYTE = 1024 * 1024
const home = await emptyHome()
const provider = 'http://127.0.0.1:9' // never called
const settings = readSettings({
  ...home.env,
  REMIT_IDP_ISSUER: provider,
  REMIT_IDP_CLIENT_ID: 'remit',
})
const ports = {
  clock: systemClock,
  random: systemRandom,
  onError: (error: unknown) => console.error(error),
}
const rooms = await openRooms(settings, ports, { migrate: true, development: true })
try {
  const [person] = SAMPLE_PEOPLE
  if (!person) throw new Error('the sample has nobody')
  const key = `${home.data}/agent.jwk`
  const unused = 'http://127.0.0.1:9'
  await seedSample(rooms, {
    providerIssuer: provider,
    ordersUrl: unused,
    deskUrl: unused,
    agentKeyFile: key,
  })
  const found = []
  for (const [name, work] of Object.entries(works(rooms))) found.push(await stallOf(name, work))
  process.stdout.write(`${JSON.stringify(found)}\n`)
} finally {
  await closeRooms(rooms)
  home.remove()
}

/** Work to do once; answers in a word how it ended. */
type Work = () => Promise<string>

async function stallOf(name: string, work: Work) {
  globalThis.gc?.()
  await setTimeout(100)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const endTurns = watchTurns()
  await setTimeout(20)
  const began = performance.now()
  const ended = await work()
  const took = performance.now() - began
  await setTimeout(20)
  delay.disable()
  return { name, ended, stallMs: delay.max / 1e6, turnMs: endTurns(), tookMs: took }
}

/**
 * Processor time of this thread from one turn to the next: what else the machine does is not in it, unlike in a delay. Gives what ends it,
 * and then says the milliseconds of the longest.
 */
function watchTurns(): () => number {
  let longest = 0
  let before = process.threadCpuUsage()
  const turn = () => {
    const now = process.threadCpuUsage()
    longest = Math.max(longest, now.user - before.user + now.system - before.system)
    before = now
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  return () => {
    clearImmediate(next)
    return longest / 1000
  }
}

function works(of: Rooms): Record<string, Work> {
  const publish = (text: string) => async () => {
    try {
      const { version } = await publishPolicies(of.policy, { text, by: 'bench', note: '' })
      await of.policies.active()
      return `version ${version} is in force`
    } catch (error) {
      return wordOf(error)
    }
  }
  const rule = (i: number, condition = '') =>
    `@id("r${i}") permit(principal in Group::"g${i % 50}",action,resource)${condition};\n`
  const many = Array.from({ length: 10_000 }, (_, i) => rule(i)).join('')
  const test = 'context.risk == "high" || '
  const wide = rule(0, ` when { ${test.repeat(30_000)} false }`)
  const deep = rule(0, ` when { ${'('.repeat(200_000)}true${')'.repeat(200_000)} }`)
  const nested = rule(0, ` when { ${'!('.repeat(47)}true${')'.repeat(47)} }`)
  const sets = `${'['.repeat(46)}1${']'.repeat(46)}`
  const members = membersOf(80_000, '1')
  const json = (text: string) => async () => {
    try {
      parseJson(text)
      return 'read'
    } catch (error) {
      return wordOf(error)
    }
  }
  return {
    nothing: () => setTimeout(1000, 'nothing'),
    'publish and load 10,000 policies': publish(many),
    'publish 10,001 policies': publish(many + rule(10_000)),
    'publish one policy with 30,000 tests': publish(wide),
    'publish brackets nested 200,000 deep': publish(deep),
    'publish `!` nested as deep as is allowed': publish(nested),
    'publish equal sets nested 46 deep': publish(rule(0, ` when { ${sets} == ${sets} }`)),
    'publish a megabyte of quotes': publish('"'.repeat(MEBIBYTE)),
    'publish a megabyte of zeros': publish(
      rule(0, ` when { decimal("${'0'.repeat(900_000)}") == decimal("1.0") }`),
    ),
    'publish a type that there is not': publish(
      '@id("x") permit(principal is Robot, action, resource);',
    ),
    'JSON: nested 500,000 deep': json('['.repeat(MEBIBYTE / 2) + ']'.repeat(MEBIBYTE / 2)),
    'JSON: 80,000 members': json(`{${members}}`),
    // As much as is allowed in a body: an object and the name of a member count, too.
    'JSON: 65,534 members, the last one twice': json(`{${membersOf(65_534, '1')},"m65533":1}`),
    'JSON: 43,690 members, each an object': json(`{${membersOf(43_690, '{}')}}`),
    'JSON: 65,535 objects': json(`[${Array(65_535).fill('{}').join()}]`),
    'JSON: 131,071 numbers': json(`[${Array(131_071).fill('1').join()}]`),
    'JSON: a number of a million digits': json('9'.repeat(1_000_000)),
    'JSON: 1e999999999': json('1e999999999'),
    'entities in a circle of 20,000': async () => {
      const user = (id: number) => ({ type: 'User', id: String(id % 20_000) })
      const circle = Array.from({ length: 20_000 }, (_, i) => ({
        uid: user(i),
        attrs: {},
        parents: [user(i + 1)],
      }))
      try {
        entityStore(entitiesFromJson(circle))
        return 'taken'
      } catch (error) {
        return wordOf(error)
      }
    },
  }
}

function membersOf(count: number, value: string): string {
  return Array.from({ length: count }, (_, i) => `"m${i}":${value}`).join()
}

function wordOf(error: unknown): string {
  if (error instanceof Problem) return `${error.code}: ${error.detail.slice(0, 100)}`
  return error instanceof Error ? `${error.name}: ${error.message.slice(0, 100)}` : String(error)
}
