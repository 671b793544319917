import { type AccessRequest, findRequest } from '../../approvals/index.ts'
import { decideHeld, type Requestable, type Verdict } from '../../decisions/index.ts'
import { denied } from './decide.ts'
import type { Decided, Permitted } from './passage.ts'
import type { McpPorts } from './ports.ts'
import { pending, toldAgain, whoMay } from './refusal.ts'

/** An answer that is not enough leads to another question; that is not gone on with for ever. */
const MOST_ROUNDS = 4

/**
 * The ladder of a call that people have to approve: held while its client can wait, then told as pending, so that a later retry
 * attaches to the same access request. Every answer leads to a new decision on everything as it is then.
 */
export async function waitForPeople(decided: Decided, ports: McpPorts): Promise<Permitted> {
  const { rpc } = decided
  const verdict =
    decided.verdict.outcome === 'requestable'
      ? await new Wait(decided, ports).settle(decided.verdict)
      : decided.verdict
  switch (verdict.outcome) {
    case 'permit':
      return { ...decided, verdict }
    case 'deny':
      throw await denied(decided, verdict, ports)
    case 'executed':
      throw toldAgain(rpc, verdict)
    case 'requestable': {
      const request = await requestOf(verdict, ports)
      throw pending(rpc, verdict, request, ports.mcp.retryAfter)
    }
  }
}

async function requestOf({ request }: Requestable, ports: McpPorts): Promise<AccessRequest> {
  const found = await findRequest(ports.decisions, request.id)
  if (!found) throw new Error(`the access request ${request.id} has no row`)
  return found
}

class Wait {
  readonly #decided: Decided
  readonly #ports: McpPorts
  readonly #end: number
  #nextWord = 0
  #words = 0

  constructor(decided: Decided, ports: McpPorts) {
    this.#decided = decided
    this.#ports = ports
    const { withProgress, without } = ports.mcp.hold
    const most = decided.progressToken === undefined ? without : withProgress
    this.#end = ports.decisions.clock.monotonic() + most
  }

  async settle(first: Requestable): Promise<Verdict> {
    const { answer, call, conversation } = this.#decided
    const release = this.#ports.desk.hold(conversation.task, this.#ports.mcp.held)
    if (!release) return first
    try {
      let verdict: Verdict = first
      for (let round = 0; verdict.outcome === 'requestable' && round < MOST_ROUNDS; round++) {
        if (!(await this.#answered(verdict))) return verdict
        verdict = await decideHeld(this.#ports.decisions, call, verdict)
      }
      answer.countAnew()
      return verdict
    } finally {
      release()
    }
  }

  /** False: nobody answered in time, or nobody waits any more. */
  async #answered(verdict: Requestable): Promise<boolean> {
    const { answer, cancelled, conversation } = this.#decided
    const { decisions, mcp, running, wait } = this.#ports
    const over = new AbortController()
    const leave = AbortSignal.any([over.signal, answer.gone, cancelled])
    const unwatch = running.watch(
      () => true,
      () => over.abort(),
    )
    let wake = new AbortController()
    const unlisten = decisions.live.onChange((states) => {
      if (states.some(({ id }) => id === conversation.task)) wake.abort()
    })
    try {
      for (;;) {
        const request = await requestOf(verdict, this.#ports)
        const left = this.#end - decisions.clock.monotonic()
        if (!isWaiting(request, decisions.clock.now())) return !leave.aborted
        if (left <= 0 || leave.aborted) return false
        this.#tell(request, verdict)
        if (wake.signal.aborted) wake = new AbortController()
        const pause = Math.min(mcp.lookEvery, left)
        await wait(pause, AbortSignal.any([wake.signal, leave]))
      }
    } finally {
      unlisten()
      unwatch()
    }
  }

  /** At once, and then often enough that nobody on the way takes the connection for dead. */
  #tell(request: AccessRequest, { request: { page } }: Requestable): void {
    const { answer, progressToken } = this.#decided
    const now = this.#ports.decisions.clock.monotonic()
    if (progressToken === undefined || now < this.#nextWord) return
    this.#nextWord = now + this.#ports.mcp.progressEvery
    const words = `Waiting for approval by ${whoMay(request)} – ${page}`
    answer.progress(progressToken, ++this.#words, words)
  }
}

function isWaiting({ expiresAt, state }: AccessRequest, now: number): boolean {
  return state === 'pending' && now < expiresAt
}
