const LF = 0x0a
const FIRST_BYTES = 4096

/**
 * Splits bytes into lines of bounded length. Of a line that is longer, `onLine` gets the beginning, with `cut`; the rest of it is
 * skipped. Memory is bounded by `max`, in whatever pieces the bytes come.
 */
export class Lines {
  readonly #max: number
  readonly #onLine: (line: Buffer, cut: boolean) => void
  #kept = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0
  /** True within a line whose beginning was handed on. */
  #skipping = false

  constructor(max: number, onLine: (line: Buffer, cut: boolean) => void) {
    this.#max = max
    this.#onLine = onLine
  }

  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; ) {
      const end = chunk.indexOf(LF, from)
      this.#take(chunk.subarray(from, end === -1 ? chunk.length : end))
      if (end === -1) return
      this.#emit(false)
      this.#skipping = false
      from = end + 1
    }
  }

  /** Hands on what came behind the last line end. */
  end(): void {
    if (this.#length > 0) this.#emit(false)
  }

  #take(part: Uint8Array): void {
    if (this.#skipping) return
    const room = this.#max - this.#length
    const fits = part.subarray(0, room)
    this.#reserve(this.#length + fits.length)
    this.#kept.set(fits, this.#length)
    this.#length += fits.length
    if (part.length <= room) return
    this.#emit(true)
    this.#skipping = true
  }

  #emit(cut: boolean): void {
    if (this.#skipping) return
    const line = Buffer.from(this.#kept.subarray(0, this.#length))
    this.#length = 0
    if (this.#kept.length > FIRST_BYTES) this.#kept = Buffer.allocUnsafe(FIRST_BYTES)
    this.#onLine(line, cut)
  }

  #reserve(length: number): void {
    if (length <= this.#kept.length) return
    const larger = Buffer.allocUnsafe(Math.min(this.#max, Math.max(length, this.#kept.length * 2)))
    larger.set(this.#kept.subarray(0, this.#length))
    this.#kept = larger
  }
}
