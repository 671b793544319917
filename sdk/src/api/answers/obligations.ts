import type { ExactJson } from '../exact-json.ts'
import { changeAt, isList, printExactJson, stepsOf } from './follow.ts'

/** Obligation of a permit, as Remit says it. */
export interface Obligation {
  readonly type: string
  readonly properties: Readonly<Record<string, string>>
}

/** An answer that the obligations cannot be applied to. No caller is told it. */
export class UnfitAnswer extends Error {}

const REDACTED = '[redacted]'

/** Obligations that can be met here. Digests need a key. */
export function doableWith(hashKey: Uint8Array | undefined): readonly string[] {
  return ['redact', 'cap', ...(hashKey === undefined ? [] : ['hash'])]
}

/**
 * All that a permit obliges to, as one step. Lists are cut first, then parts become digests, then parts go: what two obligations name
 * is told as the stricter one says. `undefined`: some of it is not known here, or not understood.
 */
export function reshapeFor(
  obligations: readonly Obligation[],
  hashKey: Uint8Array | undefined,
): ((answer: ExactJson) => Promise<ExactJson>) | undefined {
  const doable = doableWith(hashKey)
  if (!obligations.every((each) => doable.includes(each.type) && isUnderstood(each)))
    return undefined
  const of = (type: string) => obligations.filter((each) => each.type === type)
  const pathsOf = (type: string) =>
    of(type).flatMap(({ properties }) => (properties.paths ?? '').split(' ').map(stepsOf))
  return async (answer) => {
    let told = answer
    for (const { properties } of of('cap'))
      told = changeAt(told, stepsOf(properties.path ?? ''), firstOf(Number(properties.most)))
    if (hashKey) for (const steps of pathsOf('hash')) told = await hashAt(told, steps, hashKey)
    for (const steps of pathsOf('redact')) told = changeAt(told, steps, () => REDACTED)
    return told
  }
}

const POINTER = /^(?:\/(?:[^~/\s]|~[01])+)+$/u

function isUnderstood({ properties, type }: Obligation): boolean {
  const { most = '', path = '', paths = '' } = properties
  if (type === 'cap') return POINTER.test(path) && /^[1-9]\d{0,5}$/.test(most)
  return paths.split(' ').every((each) => POINTER.test(each))
}

function firstOf(most: number): (value: ExactJson) => ExactJson {
  return (value) => {
    if (value === null) return value
    if (isList(value)) return value.slice(0, most)
    throw new UnfitAnswer('what is to be cut is no list')
  }
}

async function hashAt(
  answer: ExactJson,
  steps: readonly string[],
  key: Uint8Array,
): Promise<ExactJson> {
  const texts = new Set<string>()
  changeAt(answer, steps, (value) => {
    texts.add(printExactJson(value))
    return value
  })
  if (texts.size === 0) return answer
  const digests = new Map<string, string>()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const signing = await crypto.subtle.importKey('raw', Uint8Array.from(key), algorithm, false, [
    'sign',
  ])
  for (const text of texts) {
    const mac = await crypto.subtle.sign('HMAC', signing, new TextEncoder().encode(text))
    digests.set(text, `hmac-sha256:${base64url(new Uint8Array(mac))}`)
  }
  return changeAt(answer, steps, (value) => digests.get(printExactJson(value)) ?? REDACTED)
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
