export interface Note {
  readonly id: string
  readonly orderId: string
  readonly text: string
}

export interface Message {
  readonly to: string
  readonly text: string
}

/** The notes of the refund desk and the messages it has sent, in memory. */
export class NoteBook {
  readonly #notes = new Map<string, Note>()
  readonly #sent: Message[] = []
  #last = 0

  constructor() {
    this.add('1042', 'Harbour Books: three of five books arrived wet; photos are with the claim.')
    this.add('1042', 'Customer prefers a refund to new copies.')
    this.add('1043', 'Delivered to the neighbour at number 14.')
  }

  get messages(): readonly Message[] {
    return this.#sent
  }

  read(id: string): Note | undefined {
    return this.#notes.get(id)
  }

  ofOrder(orderId: string): readonly Note[] {
    return [...this.#notes.values()].filter((note) => note.orderId === orderId)
  }

  /** Notes that contain every word of the query. */
  search(query: string, orderId?: string): readonly Note[] {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean)
    return [...this.#notes.values()].filter(
      (note) =>
        (orderId === undefined || note.orderId === orderId) &&
        words.every((word) => note.text.toLowerCase().includes(word)),
    )
  }

  add(orderId: string, text: string): Note {
    const note = { id: `note-${++this.#last}`, orderId, text }
    this.#notes.set(note.id, note)
    return note
  }

  delete(id: string): boolean {
    return this.#notes.delete(id)
  }

  send(message: Message): number {
    return this.#sent.push(message)
  }
}
