import type { Request, WriterReply } from '../messages.ts'
import type { WriteQueue } from '../write-queue.ts'

/** Time that other processes wait for the next statement of a transaction, in ms: much more than a statement takes. */
const PAUSE_MS = 1_000

/** Each process has so many numbers for its requests. The main thread of this process has those below. */
const NUMBERS = 2 ** 40

/** Message to another process: answers to its requests, or a hint. */
export type ClientMessage =
  | { readonly kind: 'replies'; readonly replies: readonly WriterReply[] }
  | { readonly kind: 'hint'; readonly channel: string }

/**
 * Processes that share one queue of writes. Each numbers its requests for itself; here they get numbers that no other process has.
 * INVARIANT: a process reaches no transaction but its own, and whatever it leaves behind delays no other process.
 */
export class WritingClients {
  readonly #queue: Pick<WriteQueue, 'receive' | 'forget'>
  readonly #send = new Map<number, (message: ClientMessage) => void>()
  #last = 0

  constructor(queue: Pick<WriteQueue, 'receive' | 'forget'>) {
    this.#queue = queue
  }

  /** Takes in a process. Answers how it asks, and how it is forgotten. */
  join(send: (message: ClientMessage) => void) {
    const client = ++this.#last
    this.#send.set(client, send)
    return {
      ask: (request: Request) => this.#receive(client, request),
      // What it sent and is not committed is dropped: no caller was told of it.
      leave: () => {
        this.#send.delete(client)
        this.#queue.forget((id) => clientOf(id) === client)
      },
    }
  }

  /** Gives answers to the processes that asked. Returns those of the main thread. */
  answer(replies: readonly WriterReply[]): readonly WriterReply[] {
    const own = Map.groupBy(replies, ({ id }) => clientOf(id))
    for (const [client, told] of own) {
      const mine = told.map((reply) => ({ ...reply, id: reply.id % NUMBERS }))
      this.#send.get(client)?.({ kind: 'replies', replies: mine })
    }
    return own.get(0) ?? []
  }

  #receive(client: number, request: Request): void {
    const of = (id: number) => numberOf(client, id)
    if (request.kind === 'hint') {
      const { channel } = request
      for (const send of this.#send.values()) send({ kind: 'hint', channel })
    } else if (request.kind === 'batches') {
      const batches = request.batches.map(({ id, steps }) => ({ id: of(id), steps }))
      this.#queue.receive({ kind: 'batches', batches })
    } else if (request.kind === 'begin') {
      const pause = request.limit === undefined ? {} : { pause: PAUSE_MS }
      this.#queue.receive({ ...request, id: of(request.id), ...pause })
    } else if (request.kind === 'query' || request.kind === 'end')
      this.#queue.receive({ ...request, id: of(request.id), turn: of(request.turn) })
    else if (request.kind === 'close') {
      this.#queue.forget((id) => clientOf(id) === client, 'turns')
      // An empty batch: its answer means that all earlier writes of the process are durable.
      this.#queue.receive({ kind: 'batches', batches: [{ id: of(request.id), steps: [] }] })
    }
  }
}

function numberOf(client: number, id: number): number {
  if (!Number.isSafeInteger(id) || id <= 0 || id >= NUMBERS)
    throw new Error('a number of another process cannot be')
  return client * NUMBERS + id
}

function clientOf(id: number): number {
  return Math.floor(id / NUMBERS)
}
