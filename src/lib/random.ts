import { randomBytes } from 'node:crypto'

/** Where every random byte comes from, so that tests can repeat a run. */
export interface Random {
  bytes(count: number): Uint8Array
}

export const systemRandom: Random = { bytes: (count) => randomBytes(count) }
