/** Places that holders share, for example the questions of an agent that may wait at once. */
export interface SharedPlaces {
  readonly places: number
  /** Places in use, the holder's own included. */
  readonly taken: number
  readonly own: number
}

/**
 * Tells whether a holder may take one more place: while it has less than half as many as are free.
 * So one holder alone has a third of the places, the next one a third of the others, and so on.
 * INVARIANT: however much one holder takes, another finds a place.
 */
export function hasShare({ own, places, taken }: SharedPlaces): boolean {
  return own < (places - taken) / 2
}

/** Sums what each holder has, and finds the part of one. */
export function sharedBy(
  holders: ReadonlyMap<string | null, number>,
  holder: string | null,
  places: number,
): SharedPlaces {
  const taken = [...holders.values()].reduce((sum, each) => sum + each, 0)
  return { places, taken, own: holders.get(holder) ?? 0 }
}
