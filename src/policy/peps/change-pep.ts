import type { IssuingSettings, PepSettings } from '../../clients/index.ts'
import { importVerificationJwk } from '../../jose/index.ts'
import type { Ledger, LedgerEvent } from '../../ledger/index.ts'
import type { Clock } from '../../lib/clock.ts'
import { isName, newId } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import { newProgramSecret } from '../../lib/program-secret.ts'
import type { Random } from '../../lib/random.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Live, Raise } from '../../revocation/index.ts'
import type { Storage, Tx } from '../../storage/index.ts'
import { checkSettings } from './check-settings.ts'
import { type Pep, type PepCredential, pepKey } from './pep.ts'
import {
  endCredential,
  insertCredential,
  insertPep,
  selectCredentials,
  selectPep,
  updatePep,
} from './pep-store.ts'

export interface PepParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'begin' | 'raise' | 'settle' | 'view'>
  readonly clock: Clock
  readonly random: Random
}

/** Change of an enforcement point: which one, and by whom. */
export interface PepChange {
  readonly name: string
  readonly by: string
}

const MAX_CREDENTIALS = 8

/**
 * Registers an enforcement point. It has no credential yet, and so asks nothing.
 * @throws Problem `pep.bad_settings`, `pep.exists`
 */
export async function addPep(
  parts: PepParts,
  { by, name, settings: said }: PepChange & { readonly settings: Partial<PepSettings> },
): Promise<Pep> {
  if (!isName(name)) throw new Problem('pep.bad_settings', 'the name is not one')
  const settings = await checkSettings(parts.storage.read, said)
  const at = parts.clock.now()
  const pep = { ...settings, name, createdBy: by, createdAt: at, lastUsedAt: null, revokedAt: null }
  await parts.storage.transaction(async (tx) => {
    if (!(await insertPep(tx, pep)))
      throw new Problem('pep.exists', `\`${name}\` is or was another one`)
    await parts.ledger.append(tx, {
      type: 'pep.added',
      by,
      facts: { pep: name, ...told(settings) },
    })
    await parts.live.begin(tx, pepKey(name))
  })
  return pep
}

/**
 * Gives it other settings, whole. When this has returned, no replica answers it by the old ones.
 * @throws Problem `pep.bad_settings`, `pep.unknown`
 */
export async function changePep(
  parts: PepParts,
  { by, name, settings: said }: PepChange & { readonly settings: Partial<PepSettings> },
): Promise<Pep> {
  const settings = await checkSettings(parts.storage.read, said)
  await change(parts, { name }, async (tx) => {
    if (!(await updatePep(tx, name, { settings }))) throw unknown(name)
    return { type: 'pep.changed', by, facts: { pep: name, ...told(settings) } }
  })
  const pep = await selectPep(parts.storage.read, name)
  if (!pep) throw unknown(name)
  return pep
}

/** Ends it, for good: when this has returned, no replica answers it. @throws Problem `pep.unknown` */
export async function revokePep(parts: PepParts, { by, name }: PepChange): Promise<void> {
  await change(parts, { name, state: 'ended' }, async (tx) => {
    if (!(await updatePep(tx, name, { revokedAt: parts.clock.now() }))) throw unknown(name)
    return { type: 'pep.revoked', by, facts: { pep: name } }
  })
}

/**
 * Makes a secret, which is shown this once and kept nowhere.
 * @throws Problem `pep.unknown`, `pep.too_many_credentials`
 */
export async function addPepSecret(
  parts: PepParts,
  given: PepChange,
): Promise<{ credential: PepCredential; secret: Secret }> {
  const { digest, secret } = newProgramSecret('pep', parts.random)
  const credential = await addCredential(parts, given, {
    kind: 'secret',
    digest,
    jwk: null,
    kid: null,
  })
  return { credential, secret }
}

/**
 * Registers a public key (JWK), whose holder signs what it authenticates with.
 * @throws Problem `pep.unknown`, `pep.bad_key`, `pep.too_many_credentials`
 */
export async function addPepKey(
  parts: PepParts,
  given: PepChange & { readonly jwk: unknown },
): Promise<PepCredential> {
  const { jwk, thumbprint } = importKey(given.jwk)
  const { kid = null }: { kid?: unknown } = { ...(given.jwk as object) } // an object, or it would not have been imported
  if (kid !== null && (typeof kid !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(kid)))
    throw new Problem('pep.bad_key', '`kid` must be 1 to 128 printable characters without spaces')
  return addCredential(parts, given, { kind: 'key', digest: thumbprint, jwk, kid })
}

/** Ends a secret or a key. When this has returned, nobody is known by it. @throws Problem `pep.unknown_credential` */
export async function endPepCredential(
  parts: PepParts,
  { by, id, name }: PepChange & { readonly id: string },
): Promise<void> {
  await change(parts, { name }, async (tx) => {
    if (!(await endCredential(tx, { pep: name, id, at: parts.clock.now() })))
      throw new Problem('pep.unknown_credential', `\`${name}\` has no such credential in use`)
    return { type: 'pep.credential_ended', by, facts: { pep: name, credential: id } }
  })
}

async function addCredential(
  parts: PepParts,
  { by, name }: PepChange,
  made: Pick<PepCredential, 'kind' | 'digest' | 'jwk' | 'kid'>,
): Promise<PepCredential> {
  const credential: PepCredential = {
    id: newId('pep_credential', parts.random),
    pep: name,
    ...made,
    createdBy: by,
    createdAt: parts.clock.now(),
    endedAt: null,
  }
  await change(parts, { name }, async (tx) => {
    const pep = await selectPep(tx, name)
    if (!pep || pep.revokedAt !== null) throw unknown(name)
    const inUse = (await selectCredentials(tx, name)).filter(({ endedAt }) => endedAt === null)
    if (inUse.length >= MAX_CREDENTIALS)
      throw new Problem('pep.too_many_credentials', `at most ${MAX_CREDENTIALS} are in use at once`)
    if (!(await insertCredential(tx, credential)))
      throw new Problem('pep.bad_key', 'the key was registered before')
    const { id, kind } = credential
    return { type: 'pep.credential_added', by, facts: { pep: name, credential: id, kind } }
  })
  return credential
}

/** Rows, record and epoch together; then every replica has dropped what it knew. */
async function change(
  parts: PepParts,
  { name, state }: { readonly name: string; readonly state?: Raise['state'] },
  write: (tx: Tx) => Promise<LedgerEvent>,
): Promise<void> {
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    await parts.ledger.append(tx, await write(tx))
    const key = pepKey(name)
    return parts.live.raise(tx, [state === undefined ? key : { ...key, state }])
  })
  await parts.live.settle(raised)
}

function told(settings: PepSettings) {
  const { issuing, mode, namesTasks, policySet, properties, resources, takes } = settings
  return {
    mode,
    ...(issuing === null ? {} : { issuing: toldIssuing(issuing) }),
    policy_set: policySet,
    resources: resources && [...resources],
    properties,
    names_tasks: namesTasks,
    takes,
  }
}

function toldIssuing({ audiences, issuer, parties }: IssuingSettings) {
  return {
    issuer,
    parties: parties.map(({ agent, id, type }) => `${type} ${id} = ${agent}`),
    audiences: audiences.map(({ id, resources }) => `${id} = ${resources.join(', ')}`),
  }
}

function importKey(jwk: unknown) {
  try {
    return importVerificationJwk(jwk)
  } catch (cause) {
    throw cause instanceof Problem ? new Problem('pep.bad_key', cause.detail, { cause }) : cause
  }
}

function unknown(name: string): Problem {
  return new Problem('pep.unknown', `there is no enforcement point \`${name}\` in use`)
}
