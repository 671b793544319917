import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../lib/clock.ts'
import { parseJson } from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'
import type { Random } from '../../lib/random.ts'
import type { Artefacts } from '../../tokens/index.ts'
import { readBody } from '../form.ts'
import { type ClientRegistration, readClientMetadata } from './read-metadata.ts'

const DAY_SECONDS = 24 * 3600
/** A registration that nobody has used for so long is forgotten. One that a person has brought stays: it is an agent. */
export const UNUSED_SECONDS = 7 * DAY_SECONDS
/** So many registrations can wait for their first use, in all replicas together. */
const MOST_UNUSED = 10_000
/** When there is no room, those are forgotten that have waited longer than anyone takes from registering to the first use. */
const YOUNG_SECONDS = 3600
const MOST_BYTES = 16 * 1024

export interface RegistrationPorts {
  readonly artefacts: Artefacts
  readonly clock: Clock
  readonly random: Random
  /** How many may wait for their first use; only tests say it. */
  readonly mostUnused?: number
}

/** The answer of RFC 7591 section 3.2.1. There is no secret and no management: a client that changes registers anew. */
export type Registered = ClientRegistration & {
  readonly client_id: string
  readonly client_id_issued_at: number
}

/**
 * Dynamic client registration (RFC 7591): anyone may introduce a client. That alone gives it nothing: it can ask a person, and
 * is an agent only once a person has brought it, under the admission rules.
 * @throws Problem `registration.…`, `input.…`
 */
export async function registrationEndpoint(
  message: IncomingMessage,
  { artefacts, clock, mostUnused = MOST_UNUSED, random }: RegistrationPorts,
): Promise<Registered> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const client = readClientMetadata(await readJson(message))
  await makeRoom({ artefacts, clock, mostUnused })
  // Lower case only: it becomes the name of an agent.
  const client_id = `client-${Buffer.from(random.bytes(16)).toString('hex')}`
  await artefacts.put('Client', client_id, { client_id, ...client }, UNUSED_SECONDS)
  return { client_id, client_id_issued_at: Math.floor(clock.now() / 1000), ...client }
}

/**
 * Whoever fills the room with registrations keeps others out for an hour at most, not for a week.
 * @throws Problem `registration.too_many`
 */
async function makeRoom({
  artefacts,
  clock,
  mostUnused,
}: Required<Omit<RegistrationPorts, 'random'>>): Promise<void> {
  const isFull = async () => (await artefacts.countExpiring('Client')) >= mostUnused
  if (!(await isFull())) return
  const before = clock.now() + (UNUSED_SECONDS - YOUNG_SECONDS) * 1000
  await artefacts.forgetExpiring('Client', before)
  if (await isFull())
    throw new Problem('registration.too_many', 'too many registrations wait for their first use')
}

async function readJson(message: IncomingMessage): Promise<unknown> {
  const type = (message.headers['content-type'] ?? '').toLowerCase()
  if (!/^application\/json(?:\s*;\s*charset=utf-8)?$/.test(type))
    throw new Problem('registration.bad_metadata', 'the body has to be `application/json`')
  const text = await readBody(message, MOST_BYTES)
  try {
    // Strict first: `JSON.parse` would take the last of two equal names and any depth.
    parseJson(text)
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Problem ? cause.detail : 'it cannot be read'
    throw new Problem('registration.bad_metadata', `the body: ${why}`, { cause })
  }
}
