// One engine with one set of policies, in a process of its own on the measured core: `compiled`, `compiled-from-json` or
// `cedar-wasm`, how many policies, which shape, seconds. Prints what it took, and how often it permitted.
import { compilePolicies, entitiesFromJson, entityStore, valueFromJson } from '@remit/engine'
import { actions, entities, policies, requests, type Shape } from './scene.ts'

const [engine = '', size = '10', shape = 'indexable', wantedSeconds = '1'] = process.argv.slice(2)
const REQUESTS = 64
const set = policies(Number(size), shape as Shape) // as: one of SHAPES, given by run.ts
const asked = requests(REQUESTS)

/** Decides request `i`; true where it is permitted. */
type Ask = (i: number) => boolean

async function makeEngine(): Promise<{ ask: Ask; compileMs: number; memoryMiB: number }> {
  const prepare = await (engine === 'cedar-wasm'
    ? official()
    : ours(engine === 'compiled-from-json'))
  const before = await memory()
  const began = performance.now()
  const ask = prepare()
  const compileMs = performance.now() - began
  return { ask, compileMs, memoryMiB: (await memory()) - before }
}

async function memory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage.rss() / 2 ** 20
}

/** Entities and contexts as the gates keep them during a call; or read from JSON for each evaluation, as the official engine has to. */
function ours(fromJson: boolean): () => Ask {
  const base = entityStore(entitiesFromJson(actions()))
  const people = asked.map((_, i) => entities(i % 25))
  const stores = people.map((each) => entityStore(entitiesFromJson(each), base))
  const contexts = asked.map(({ context }) => valueFromJson(context))
  const nobody = entityStore([])
  compilePolicies(policies(10, 'indexable')) // what a program does for the first time takes longer
  return () => {
    const compiled = compilePolicies(set)
    return (i) => {
      const { action, context, principal, resource } = asked[i] ?? neverAsked()
      const store = fromJson
        ? entityStore(entitiesFromJson(people[i]), base)
        : (stores[i] ?? nobody)
      const value = fromJson ? valueFromJson(context) : (contexts[i] ?? neverAsked())
      return compiled.evaluate({ principal, action, resource, context: value }, store).permitted
    }
  }
}

async function official(): Promise<() => Ask> {
  const cedar = await import('@cedar-policy/cedar-wasm/nodejs')
  type AuthorizationCall = Parameters<typeof cedar.statefulIsAuthorized>[0]
  const shared = actions()
  const calls = asked.map((request, i) => {
    const action = shared.filter(
      ({ uid }) => uid.id === request.action.id || uid.id === 'write' || uid.id === 'risk:high',
    )
    const given = {
      ...request,
      entities: [...entities(i % 25), ...action],
      preparsedPolicySetId: 'bench',
      validateRequest: false,
    }
    return given as unknown as AuthorizationCall // as: Cedar's own form
  })
  const first = policies(10, 'indexable')
  cedar.preparsePolicySet(
    'first',
    first as unknown as Parameters<typeof cedar.preparsePolicySet>[1],
  ) // as: Cedar's own form
  return () => {
    const parsed = cedar.preparsePolicySet(
      'bench',
      set as unknown as Parameters<typeof cedar.preparsePolicySet>[1],
    ) // as: the same
    if (parsed.type !== 'success') throw new Error(parsed.errors[0]?.message)
    return (i) => {
      const answer = cedar.statefulIsAuthorized(calls[i] ?? neverAsked())
      if (answer.type !== 'success') throw new Error(answer.errors[0]?.message)
      const { decision, diagnostics } = answer.response
      return decision === 'allow' && diagnostics.errors.length === 0
    }
  }
}

function neverAsked(): never {
  throw new Error('there is no such request')
}

/** Times `together` requests at a time: one of them takes less than the clock can tell. */
function timed(ask: Ask, together: number, ms: number) {
  const laps: number[] = []
  let permitted = 0
  let next = 0
  const until = performance.now() + ms
  const began = performance.now()
  while (performance.now() < until || laps.length < 5) {
    const start = process.hrtime.bigint()
    for (let n = 0; n < together; n++) {
      if (ask(next)) permitted++
      next = (next + 1) % REQUESTS
    }
    laps.push(Number(process.hrtime.bigint() - start) / together)
  }
  const seconds = (performance.now() - began) / 1000
  return {
    laps: laps.sort((a, b) => a - b),
    permitted,
    perSecond: (laps.length * together) / seconds,
  }
}

const { ask, compileMs, memoryMiB } = await makeEngine()
const ms = 1000 * Number(wantedSeconds)
const warm = timed(ask, 1, ms / 4)
const together = Math.max(1, Math.min(REQUESTS, Math.round(20_000 / (warm.laps[0] ?? 1))))
const { laps, perSecond } = timed(ask, together, ms)
let permits = 0
for (let i = 0; i < REQUESTS; i++) if (ask(i)) permits++
const at = (share: number) => laps[Math.floor(share * (laps.length - 1))] ?? Number.NaN
process.stdout.write(
  `${JSON.stringify({ p50: at(0.5), p99: at(0.99), perSecond, compileMs, memoryMiB, permits, together })}\n`,
)
