import { type AccessRequest, findRequest } from '../../../../approvals/access-requests/index.ts'
import { decideHeld, heldRequest, type Verdict } from '../../../../calls/calls/index.ts'
import {
  openTaskResult,
  RpcAnswer,
  repeatedAnswer,
  shownRequest,
  toldOfTask,
} from '../../../../calls/mcp-messages/index.ts'
import { printJson } from '../../../../platform/lib/json.ts'
import type { SlotHolders } from '../../../../platform/lib/under-way/held-places.ts'
import { STATELESS_REVISION } from '../../../../platform/net/index.ts'
import type { DecidedCall, PermittedCall } from '../call-steps.ts'
import { denied } from '../decide.ts'
import type { McpPorts } from '../ports.ts'
import { instead, pageAction } from './other-ways.ts'
import { pending, unanswered, whoMay } from './refusal.ts'

/**
 * Maximum rounds of approval of one call: an answer that is not enough leads to another request,
 * but not forever.
 */
const MAX_ROUNDS = 4

/**
 * Waits for people where a call needs their approval: the call is held while its client can wait,
 * then answered as pending, so that a later retry attaches to the same access request. Every answer
 * leads to a new decision on everything as it is then.
 */
export async function waitForPeople(decided: DecidedCall, ports: McpPorts): Promise<PermittedCall> {
  const { rpc } = decided
  const verdict =
    decided.verdict.outcome === 'requestable'
      ? await settled(decided, decided.verdict, ports)
      : decided.verdict
  switch (verdict.outcome) {
    case 'permit':
      return { ...decided, verdict }
    case 'deny':
      throw await denied(decided, verdict, ports)
    case 'executed':
      if (decided.deferred && verdict.state === 'sending')
        throw new RpcAnswer(
          openTaskResult(rpc.id, shownRequest(decided.deferred), 'working', 'Being executed'),
        )
      throw decided.deferred ? toldOfTask(rpc, verdict) : repeatedAnswer(rpc, verdict)
    case 'requestable': {
      const request = await requestOf(verdict, ports)
      throw pending(rpc, verdict, request, ports.mcp.retryAfter)
    }
  }
}

async function settled(
  decided: DecidedCall,
  first: Verdict<'requestable'>,
  ports: McpPorts,
): Promise<Verdict> {
  const request = await requestOf(first, ports)
  const other = instead(decided, first, request, ports)
  if (other) throw other
  const opened = pageAction(decided)
  // A client that did not open the page is not held; it is told the status of the request.
  if (opened !== undefined && opened !== 'accept') return first
  return new Wait(decided, ports).settle(first, holdersOf(request))
}

async function requestOf(
  { request }: Verdict<'requestable'>,
  ports: McpPorts,
): Promise<AccessRequest> {
  const found = await findRequest(ports.decisions, request.id)
  if (!found) throw new Error(`the access request ${request.id} has no row`)
  return found
}

/** Finds for whom a call waits: who asked in the conversation, else the person of the task. */
function holdersOf({ agentId, personId, requesterId, taskId }: AccessRequest): SlotHolders {
  return { task: taskId, agent: agentId, person: requesterId ?? personId }
}

class Wait {
  readonly #decided: DecidedCall
  readonly #ports: McpPorts
  readonly #end: number
  #nextWord = 0
  #words = 0

  constructor(decided: DecidedCall, ports: McpPorts) {
    this.#decided = decided
    this.#ports = ports
    const { withProgress, without } = ports.mcp.hold
    const most = decided.progressToken === undefined ? without : withProgress
    this.#end = ports.decisions.clock.monotonic() + most
  }

  async settle(first: Verdict<'requestable'>, holders: SlotHolders): Promise<Verdict> {
    const { answer, call, params } = this.#decided
    const { decisions, desk, mcp } = this.#ports
    const release = desk.hold(holders, printJson(params).length, mcp.held)
    if (!release) return first
    try {
      let verdict: Verdict = first
      for (let round = 0; verdict.outcome === 'requestable' && round < MAX_ROUNDS; round++) {
        if (!(await this.#answered(verdict))) return verdict
        verdict = await decideHeld(decisions, call, verdict)
      }
      answer.countAnew()
      return verdict
    } finally {
      release()
    }
  }

  /**
   * Waits for an answer. True: the call is to be decided again, because people answered, or because
   * something that it depends on has ended. False: no one answered in time, or the client has
   * gone.
   */
  async #answered(verdict: Verdict<'requestable'>): Promise<boolean> {
    const { answer, cancelled } = this.#decided
    const { decisions, mcp, running, wait } = this.#ports
    const over = new AbortController()
    const ended = new AbortController()
    const leave = AbortSignal.any([over.signal, answer.gone, cancelled])
    const interrupted = AbortSignal.any([leave, ended.signal])
    const unwatch = running.watch(heldRequest(decisions, verdict), (cut) =>
      (cut === 'ended' ? ended : over).abort(),
    )
    try {
      for (;;) {
        const request = await requestOf(verdict, this.#ports)
        if (leave.aborted) return false
        if (!isWaiting(request, decisions.clock.now())) {
          if (isPast(request)) throw unanswered(this.#decided.rpc, verdict)
          return true
        }
        const left = this.#left(verdict)
        if (left <= 0) return false
        if (ended.signal.aborted) return true
        this.#tell(request, verdict)
        await wait(Math.min(mcp.lookEvery, left), interrupted)
      }
    } finally {
      unwatch()
    }
  }

  /**
   * Time left to wait: as long as the client is ready for, and never longer than its token lives,
   * since a later answer would lead to a refusal.
   */
  #left(verdict: Verdict<'requestable'>): number {
    const { decisions } = this.#ports
    const { clock } = decisions
    const { until } = heldRequest(decisions, verdict)
    return Math.min(this.#end - clock.monotonic(), until - clock.now())
  }

  /**
   * Tells the client that the call waits: at once, and then often enough that no proxy closes the
   * connection as dead. Without a session, a client that asked for no progress gets signs of life:
   * some send nothing else until the answer begins.
   */
  #tell(request: AccessRequest, { request: { page } }: Verdict<'requestable'>): void {
    const { answer, conversation, progressToken } = this.#decided
    const now = this.#ports.decisions.clock.monotonic()
    if (now < this.#nextWord) return
    this.#nextWord = now + this.#ports.mcp.progressEvery
    if (progressToken === undefined) {
      if (conversation.revision === STATELESS_REVISION) answer.keepAlive()
      return
    }
    const words = `Waiting for approval by ${whoMay(request)} – ${page}`
    answer.progress(progressToken, ++this.#words, words)
  }
}

/** Checks whether a request that `isWaiting` refused has expired, recorded as such or not yet. */
function isPast({ state }: AccessRequest): boolean {
  return state === 'pending' || state === 'expired'
}

function isWaiting({ expiresAt, state }: AccessRequest, now: number): boolean {
  return state === 'pending' && now < expiresAt
}
