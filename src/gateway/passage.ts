import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypedArguments } from '@remit/engine'
import type { Action, Resource } from '../catalog/index.ts'
import type { Permitted as Permit } from '../decisions/index.ts'
import type { Json } from '../lib/json.ts'
import type { Forwarded, Outgoing } from './outgoing.ts'
import type { StrictRequest } from './strict-request.ts'

/** What is known of a call after each step. Values are added, never changed. */
export interface Arrived {
  message: IncomingMessage
  reply: ServerResponse
  ip: string
  /** Nothing that comes behind it on its connection is believed any more. */
  doubt(): void
}
export interface Strict extends Arrived {
  request: StrictRequest
}
export interface Located extends Strict {
  resource: Resource
  action: Action
  /** Segments behind the resource's name, decoded. */
  segments: readonly string[]
  pathArguments: ReadonlyMap<string, string>
}
export interface Read extends Located {
  body: Json | undefined
}
export interface Typed extends Read {
  arguments: TypedArguments
}
export interface Permitted extends Typed {
  verdict: Permit
  /** Headers of the caller that go on; part of what was decided. */
  passedOn: readonly (readonly [string, string])[]
  /** Path at the upstream, encoded. */
  path: string
}
export interface Equipped extends Permitted {
  outgoing: Outgoing
}
export interface Done extends Equipped {
  forwarded: Forwarded
}
