import { readFileSync } from 'node:fs'

/**
 * Vectors of answers: what may be told of them, and what they say of amounts. For the gateway, and
 * for the SDK that does the same in an API.
 */
export interface AnswerVectors {
  /** Key of the digests. */
  readonly hashKey: Uint8Array
  readonly told: readonly {
    readonly obligations: readonly {
      readonly type: string
      readonly properties: Readonly<Record<string, string>>
    }[]
    readonly answer: string
    /** `null`: withheld. */
    readonly told: string | null
  }[]
  readonly amounts: readonly {
    readonly limit: 'charged' | 'rows'
    readonly path: string
    readonly answer: string
    /** `null`: it does not say. */
    readonly amount: string | null
  }[]
}

export function answerVectors(): AnswerVectors {
  const text = readFileSync(new URL('answers.json', import.meta.url), 'utf8')
  const { hashKey, ...rest } = JSON.parse(text) as AnswerVectors & { hashKey: string } // as it is written
  return { ...rest, hashKey: Uint8Array.from(Buffer.from(hashKey, 'hex')) }
}
