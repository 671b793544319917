import type { Obligation } from '@remit/engine'
import { ApiRefusal, answerOf } from '../answer.ts'
import type { AskedCall, CallDecider, CallVerdict, ReportedOutcome } from '../calls.ts'
import type { UsedOnce } from '../used-once.ts'
import { checkProof, checkToken, type DpopProof, type ResourceToken } from './credential.ts'
import { decideHere, type ReadCall, readCall, textsOf } from './decide.ts'
import type { Feed } from './feed.ts'
import { type FactsRead, type KnownTask, type KnownTasks, taskFrom } from './known-tasks.ts'
import type { Lease } from './lease.ts'
import type { Records } from './records.ts'
import type { OwnAction, Rules } from './rules.ts'

/** Parts that calls are decided with in this process. */
export interface InProcessParts {
  readonly issuer: string
  readonly resource: string
  readonly remit: CallDecider
  readonly feed: Pick<Feed, 'place'>
  readonly lease: Lease
  readonly tasks: KnownTasks
  readonly records: Records
  readonly usedOnce: UsedOnce
  /** Rules of now; absent while there are none that hold. */
  readonly rules: () => Rules | undefined
  readonly monotonic: () => number
  readonly record: 'behind' | 'before'
  readonly otherwise: 'ask' | 'refuse'
  readonly newId: () => string
  /** Counts an answer: `permitted`, or why it was Remit's to give. */
  readonly count: (answer: string) => void
}

/** Credentials of a call that hold, as far as they can be looked at here. */
interface HeldCredentials {
  readonly token: ResourceToken
  readonly proof: DpopProof
}

/** Permit that the gates gave, and what it rests on. */
interface PermitMatch {
  readonly at: number
  readonly call: Extract<ReadCall, { action: OwnAction }>
  readonly obligations: readonly Obligation[]
  readonly key: string
  readonly rules: Rules
  readonly task: KnownTask
}

const MAX_TOKENS = 5_000
/** Time that a proof may be ahead of Remit's clock, at the endpoints of Remit. */
const MAX_AHEAD_MS = 10_000
/** Time that it may be ahead here. */
const AHEAD_HERE_MS = 5_000

/** Decides calls here where everything that it takes is here, and asks Remit about all others. */
export class InProcessCalls implements CallDecider {
  readonly #parts: InProcessParts
  /** Tokens that were good before, by their text. */
  readonly #tokens = new Map<string, { readonly rules: Rules; readonly token: ResourceToken }>()
  /** Ids of permits that were given here and have not ended. */
  readonly #own = new Set<string>()
  #remembering: { readonly since: number; readonly kids: readonly string[] } | undefined

  constructor(parts: InProcessParts) {
    this.#parts = parts
  }

  async ask(asked: AskedCall): Promise<CallVerdict> {
    const { count, resource, usedOnce } = this.#parts
    const rules = this.#parts.rules()
    const held = rules && (await this.#hold(asked, rules))
    if (!rules || !held) return this.#askRemit(asked, undefined, rules ? 'credential' : 'rules')
    // INVARIANT: a good proof counts once here, whichever of both decides: the other does not permit the same call again.
    if (!(await usedOnce.use(held.proof.replayKey, held.proof.expiresAt))) {
      count('replayed')
      const refusal = new ApiRefusal('proof.replayed', 'the proof was used before')
      return { permitted: false, answer: answerOf(refusal, resource) }
    }
    const found = this.#decide(asked, rules, held)
    if ('because' in found) return this.#askRemit(asked, held, found.because)
    return (await this.#permit(asked, found, held)) ?? this.#askRemit(asked, undefined, 'overtaken')
  }

  async report(decisionId: string, outcome: ReportedOutcome): Promise<void> {
    if (!this.#own.delete(decisionId)) return this.#parts.remit.report(decisionId, outcome)
    this.#parts.records.ended(decisionId, outcome)
  }

  async settled(): Promise<void> {
    await Promise.all([this.#parts.records.flush(), this.#parts.remit.settled()])
  }

  /** True when this process may decide by what it has read. */
  #mayDecide(rules: Rules): boolean {
    const { lease, records } = this.#parts
    const current = this.#parts.rules() === rules && rules.expiresAt > lease.now()
    return lease.leftMs > 0 && records.open && current
  }

  /** Time since when the use of every proof that holds is remembered here: before, the tokens' keys were not known. */
  #since(rules: Rules, now: number): number {
    const known = this.#remembering
    if (known && rules.kids.every((kid) => known.kids.includes(kid))) return known.since
    this.#remembering = { kids: rules.kids, since: now }
    return now
  }

  async #hold(asked: AskedCall, rules: Rules): Promise<HeldCredentials | undefined> {
    const { issuer, lease, resource } = this.#parts
    const [proof, ...more] = asked.proofs
    if (asked.scheme !== 'DPoP' || proof === undefined || more.length > 0) return undefined
    if (asked.certificate !== undefined || asked.token.startsWith('remit_at_')) return undefined
    const now = lease.now()
    const { method, token: text } = asked
    const [url = ''] = asked.url.split('?')
    try {
      const token =
        this.#known(text, rules, now) ??
        (await checkToken(text, { issuer, resource, keys: rules.keys, now }))
      if (this.#tokens.size >= MAX_TOKENS) this.#tokens.clear()
      this.#tokens.set(text, { rules, token })
      const held = await checkProof(proof, { method, url, token: text, now })
      return held.jkt === token.jkt ? { token, proof: held } : undefined
    } catch {
      // Remit says what is wrong with them.
      return undefined
    }
  }

  #known(text: string, rules: Rules, now: number): ResourceToken | undefined {
    const known = this.#tokens.get(text)
    return known?.rules === rules && known.token.exp * 1000 > now ? known.token : undefined
  }

  #decide(
    asked: AskedCall,
    rules: Rules,
    { proof, token }: HeldCredentials,
  ): PermitMatch | { readonly because: string } {
    const { lease, monotonic, resource, tasks } = this.#parts
    const now = lease.now()
    const since = this.#since(rules, now)
    if (!this.#mayDecide(rules)) return { because: 'lease' }
    // INVARIANT: a proof that Remit may have had before anything was remembered here is not decided on here.
    if (proof.madeAt <= since + MAX_AHEAD_MS || proof.madeAt > now + AHEAD_HERE_MS)
      return { because: 'proof' }
    try {
      const call = readCall(asked, resource, rules)
      if ('because' in call) return call
      const key = keyOf(token)
      const task = tasks.find(key, monotonic())
      if (!task) return { because: 'facts' }
      if (task.rules !== rules.epoch || task.ep !== token.ep || task.sub !== token.sub)
        return { because: 'facts' }
      const at = lease.now()
      const about = { name: rules.resource, identifier: resource }
      const decided = decideHere(call, { asked, at, resource: about, rules, task, token })
      if ('because' in decided) return decided
      return { ...decided, at, call, key, rules, task }
    } catch (error) {
      // A refusal that the API words itself, such as of a body that is no JSON, is the same from Remit.
      return { because: error instanceof ApiRefusal ? error.code : 'failed' }
    }
  }

  async #permit(
    asked: AskedCall,
    found: PermitMatch,
    { proof, token }: HeldCredentials,
  ): Promise<CallVerdict | undefined> {
    const { count, monotonic, newId, record, records, tasks } = this.#parts
    const { at, call, key, obligations, rules, task } = found
    // INVARIANT: asked last, and once more in the tick in which the handler begins: nothing that this rests on has changed.
    const late = () =>
      !this.#mayDecide(rules) ||
      tasks.find(key, monotonic()) !== task ||
      token.exp * 1000 <= this.#parts.lease.now()
    if (late()) return undefined
    const decisionId = newId()
    const { body, headers, ip, method, url } = asked
    const recorded = records.decided({
      ...{ id: decisionId, at, policy_version: rules.policyVersion, task: token.task },
      token: { jti: token.jti, exp: token.exp },
      ...{ jkt: token.jkt, proof: proof.replayKey, method, url, headers },
      ...(body === undefined ? {} : { body }),
      ...(ip === undefined ? {} : { ip }),
    })
    this.#own.add(decisionId)
    if (record === 'before') {
      records.hurry()
      await recorded
    }
    count('permitted')
    const chain = task.agents.map(({ uid }) => uid.id)
    const { purpose } = token
    const { actors, person } = token.parties
    return {
      permitted: true,
      call: {
        ...{ decisionId, action: call.action.name, person, chain, purpose },
        agent: chain[0] ?? '',
        ...(actors === undefined ? {} : { actors }),
        task: {
          ...{ id: token.task, purpose },
          ...(task.parent === undefined ? {} : { parent: task.parent }),
        },
        arguments: textsOf(call.arguments),
      },
      asked: { obligations, settles: [] },
      late,
    }
  }

  async #askRemit(
    asked: AskedCall,
    held: HeldCredentials | undefined,
    because: string,
  ): Promise<CallVerdict> {
    const { count, feed, otherwise, remit, tasks } = this.#parts
    count(because)
    const { place } = feed
    // The first call of a task has to be asked about: that is how its facts come here.
    if (otherwise === 'refuse' && because !== 'facts')
      throw new ApiRefusal('api.not_decided', `only Remit can decide this call (${because})`)
    if (!place || !held) return remit.ask(asked)
    const read = tasks.beginRead()
    const now = this.#parts.monotonic()
    try {
      const verdict = await remit.ask({ ...asked, in_process: place })
      if (
        verdict.permitted &&
        verdict.facts !== undefined &&
        this.#parts.feed.place?.session === place.session
      )
        this.#learn(read, held.token, { facts: verdict.facts, now })
      return verdict
    } finally {
      tasks.endRead(read)
    }
  }

  #learn(
    read: FactsRead,
    token: ResourceToken,
    { facts, now }: { readonly facts: unknown; readonly now: number },
  ): void {
    try {
      const { ep, sub } = token
      this.#parts.tasks.keep(read, keyOf(token), taskFrom(facts, { ep, sub, now }))
    } catch {
      // Facts that cannot be read are none; the permit stands.
    }
  }
}

function keyOf({ jkt, kid, task }: ResourceToken): string {
  return `${task} ${jkt} ${kid}`
}
