import net from 'node:net'

/** One answer, as far as a measurement looks at it. */
export interface Answer {
  readonly status: number
  /** Status line and header fields, as they came. */
  readonly head: string
  readonly body: Buffer
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')

/**
 * A keep-alive HTTP/1.1 connection with one request under way, made of prepared bytes. It does as little as possible, so that
 * the generator is not what is measured.
 */
export class Connection {
  readonly #socket: net.Socket
  #received: Buffer = Buffer.alloc(0)
  #onAnswer: ((answer: Answer) => void) | undefined
  #onError: ((error: Error) => void) | undefined

  private constructor(socket: net.Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1')
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Connection(socket))
      })
    })
  }

  /** Sends a whole request. One at a time. */
  send(request: Buffer, onAnswer: (answer: Answer) => void, onError: (error: Error) => void): void {
    if (this.#socket.destroyed) {
      onError(new Error('the connection was closed while it was idle'))
      return
    }
    this.#onAnswer = onAnswer
    this.#onError = onError
    this.#socket.write(request)
  }

  close(): void {
    this.#onError = undefined
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length ? Buffer.concat([this.#received, chunk]) : chunk
    const answer = this.#read()
    if (!answer) return
    const tell = this.#onAnswer
    this.#onAnswer = undefined
    // Servers close connections that are idle for long, which is no fault of a run.
    this.#onError = undefined
    tell?.(answer)
  }

  #read(): Answer | undefined {
    const bytes = this.#received
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) return undefined
    const head = bytes.toString('latin1', 0, end)
    const from = end + HEAD_END.length
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    const until =
      length === undefined
        ? bytes.indexOf(LAST_CHUNK, from) + LAST_CHUNK.length
        : from + Number(length)
    if (until > bytes.length || (length === undefined && until < from + LAST_CHUNK.length))
      return undefined
    this.#received = bytes.subarray(until)
    return { status: Number(head.slice(9, 12)), head, body: bytes.subarray(from, until) }
  }

  #fail(error: Error): void {
    const tell = this.#onError
    this.#onError = undefined
    tell?.(error)
  }
}
