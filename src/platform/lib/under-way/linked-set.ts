/** Place of an item in a linked set; `undefined` once it has left. */
export interface LinkedPlace<T> {
  item: T | undefined
  before: LinkedPlace<T> | undefined
  after: LinkedPlace<T> | undefined
}

/**
 * Items that are under way, in the order in which they came, each of which leaves soon.
 *
 * A `Set` would do the same. But V8 copies its table every few additions and links the old table to the new one, so each old
 * table, with what was under way then, survives every collection of young objects: everything that a call allocated would stay in memory until
 * the next full collection. Nothing in a linked set refers to an item that left it.
 */
export class LinkedSet<T> implements Iterable<T> {
  #first: LinkedPlace<T> | undefined
  #last: LinkedPlace<T> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Place of the item that came first. */
  get first(): LinkedPlace<T> | undefined {
    return this.#first
  }

  add(item: T): LinkedPlace<T> {
    const place = { item, before: this.#last, after: undefined }
    if (this.#last) this.#last.after = place
    else this.#first = place
    this.#last = place
    this.#size++
    return place
  }

  /** False: it had left before. */
  leave(place: LinkedPlace<T>): boolean {
    if (place.item === undefined) return false
    const { after, before } = place
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    place.item = place.before = place.after = undefined
    this.#size--
    return true
  }

  /** The places as they are now, whatever comes and leaves meanwhile. */
  places(): readonly LinkedPlace<T>[] {
    const places: LinkedPlace<T>[] = []
    for (let place = this.#first; place; place = place.after) places.push(place)
    return places
  }

  [Symbol.iterator](): Iterator<T> {
    return this.places()
      .flatMap(({ item }) => (item === undefined ? [] : [item]))
      .values()
  }
}
