import { publishOnlySet } from '../../../src/extensions/authzen/policy-only/index.ts'
import type { PepSettings } from '../../../src/identity/machine-clients/index.ts'
import { clientWith } from '../../../src/identity/machine-clients/testing.ts'
import { type Answer, send } from '../../wire.ts'
import type { World } from '../../world.ts'
import { RECORDS } from './records.ts'

/** An enforcement point with a secret, as it would ask. */
export class Pep {
  readonly #world: World
  readonly name: string
  readonly secret: string

  private constructor(world: World, name: string, secret: string) {
    this.#world = world
    this.name = name
    this.secret = secret
  }

  static async add(world: World, name: string, settings: Partial<PepSettings> = {}): Promise<Pep> {
    const { secret } = await clientWith(world.rooms.clients, name, 'pep', settings)
    return new Pep(world, name, secret)
  }

  /** Starts a decision point that the fixture of the certification scenario answers. */
  static async ofRecords(world: World, settings: Partial<PepSettings> = {}): Promise<Pep> {
    const set = { ...RECORDS, name: 'records', note: '', by: 'psn_ada' }
    await publishOnlySet(world.rooms.policy, set)
    const policyOnly = { mode: 'policy-only', policySet: 'records', properties: true } as const
    return Pep.add(world, 'records', { ...policyOnly, ...settings })
  }

  /** A body that is no text is sent as JSON. */
  ask(
    path: string,
    body: unknown,
    over: {
      readonly method?: string
      readonly headers?: readonly (readonly [string, string])[]
      readonly authorization?: string | undefined
      readonly type?: string | undefined
    } = {},
  ): Promise<Answer> {
    const { headers = [], method = 'POST' } = over
    const authorization = 'authorization' in over ? over.authorization : `Bearer ${this.secret}`
    const type = 'type' in over ? over.type : 'application/json'
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    return send(this.#world.issuer + path, {
      method,
      headers: [
        ...(authorization === undefined ? [] : ([['Authorization', authorization]] as const)),
        ...(type === undefined ? [] : ([['Content-Type', type]] as const)),
        ...headers,
      ],
      ...(text === undefined ? {} : { body: text }),
    })
  }

  evaluate(body: unknown): Promise<Answer> {
    return this.ask('/access/v1/evaluation', body)
  }

  evaluateAll(body: unknown): Promise<Answer> {
    return this.ask('/access/v1/evaluations', body)
  }

  search(sought: 'subject' | 'resource' | 'action', body: unknown): Promise<Answer> {
    return this.ask(`/access/v1/search/${sought}`, body)
  }
}

export const ALICE = { type: 'user', id: 'alice' }
export const BOB = { type: 'user', id: 'bob' }
export const RECORD_1 = { type: 'record', id: 'record-1' }
export const RECORD_2 = { type: 'record', id: 'record-2' }
export const READ = { name: 'read' }
export const WRITE = { name: 'write' }
export const READS = { subject: ALICE, action: READ, resource: RECORD_1 }
export const ADMIN_BOB = { ...BOB, properties: { role: 'admin' } }
export const ARCHIVED = { ...RECORD_2, properties: { status: 'archived' } }
