/** Flow of an answer that can be stopped for a while. */
interface Flow {
  pause(): void
  resume(): void
}

/** Liveness of the call that an answer under way belongs to. */
export interface Passage {
  /** Liveness of the call: asked before each part of the answer is passed on. */
  mayContinue(): boolean
  /** Finds out whether a call that may not continue for the moment may after all. Left out: it may not. */
  readonly again?: (() => Promise<boolean>) | undefined
}

/**
 * Events of an answer, in their order, while it is not known whether the call may go on.
 * INVARIANT: none is passed on unless `mayContinue` said yes in the same tick.
 */
export class EventQueue {
  readonly #passage: Passage
  readonly #end: (why: 'ended' | 'unsure') => void
  #held: (() => void)[] | undefined

  /** `end`: called when the call may not go on, or it is not known whether it may. */
  constructor(passage: Passage, end: (why: 'ended' | 'unsure') => void) {
    this.#passage = passage
    this.#end = end
  }

  pass(flow: Flow, event: () => void): void {
    if (this.#held) {
      this.#held.push(event)
      flow.pause()
    } else if (this.#passage.mayContinue()) event()
    else if (!this.#passage.again) this.#end('ended')
    else {
      this.#held = [event]
      flow.pause()
      void this.#look(flow, this.#passage.again)
    }
  }

  async #look(flow: Flow, again: () => Promise<boolean>): Promise<void> {
    const found = await again().catch(() => 'unsure' as const)
    const held = this.#held ?? []
    this.#held = undefined
    if (found !== true) {
      this.#end(found === 'unsure' ? 'unsure' : 'ended')
      return
    }
    for (const event of held) this.pass(flow, event)
    if (this.#held === undefined) flow.resume()
  }
}
