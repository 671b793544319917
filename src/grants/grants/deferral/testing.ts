import { newKey, type TestKey, TOKEN_URL, type World } from '../../../calls/calls/testing.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { suspendPerson } from '../../../identity/sessions/index.ts'
import { answerConsent, basesOfPerson, pendingConsents } from '../../../tasks/consent/index.ts'
import { endBasis } from '../../../tasks/tasks/index.ts'
import type { DeferredOpening, Opening, OpeningAnswer } from '../opening.ts'
import { openTask } from '../openings/open-task.ts'
import { type Poll, type PollAnswer, pollDeferral } from './poll.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Sam and refund-bot, with nothing agreed between them. */
export class DeferralWorld {
  readonly world: World
  readonly key: TestKey

  private constructor(world: World, key: TestKey) {
    this.world = world
    this.key = key
  }

  static async in(world: World): Promise<DeferralWorld> {
    const waiting = new DeferralWorld(world, newKey())
    await waiting.endBases()
    return waiting
  }

  async endBases(): Promise<void> {
    const { parts, sam } = this.world
    for (const { id } of await basesOfPerson(parts.storage.read, sam.id, parts.clock.now()))
      await endBasis(parts, { basisId: id, by: sam.id })
  }

  ask(over: Partial<Opening> = {}): Promise<Opening> {
    return this.world.opening(this.key, { defer: { notificationToken: undefined }, ...over })
  }

  async try(over: Partial<Opening> = {}): Promise<OpeningAnswer> {
    return openTask(this.world.parts, 'token_exchange', await this.ask(over))
  }

  async deferred(over: Partial<Opening> = {}): Promise<DeferredOpening> {
    const answer = await this.try(over)
    if (answer.outcome !== 'deferred') throw new Error(JSON.stringify(answer))
    return answer
  }

  /** Presents a poll, or any other request of the agent with this key. */
  presented(key = this.key, url = TOKEN_URL) {
    return {
      assertion: this.world.assertion(),
      assertionType: JWT_BEARER,
      proof: this.world.proof(key, { method: 'POST', url }),
      method: 'POST',
      url,
      origin: { ip: '192.0.2.7' },
    }
  }

  poll(code: string, over: Partial<Poll> = {}): Promise<PollAnswer> {
    const poll = { ...this.presented(), flow: 'deferred' as const, code, ...over }
    return pollDeferral(this.world.parts, poll)
  }

  async answer(answer: 'grant' | 'deny', over: object = {}): Promise<void> {
    const { parts, sam } = this.world
    const { kindOf } = await parts.catalog.current()
    const [asked] = await pendingConsents(parts.storage.read, sam.id, parts.clock.now())
    if (!asked) throw new Error('nothing is asked')
    const said = { consentId: asked.id, person: sam, answer, authTime: 1_000, ...over }
    await answerConsent(parts, said, kindOf)
  }

  suspend(): Promise<void> {
    const { parts, sam } = this.world
    return suspendPerson(parts, { personId: sam.id, by: 'operator', reason: 'test' })
  }

  async agent() {
    const agent = await findAgent(this.world.parts.storage.read, 'refund-bot')
    if (!agent) throw new Error('no such agent')
    return agent
  }
}

export function pollReason(answer: PollAnswer | OpeningAnswer): string {
  return answer.outcome === 'refused' ? answer.reason : answer.outcome
}
