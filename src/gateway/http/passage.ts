import type { TypedArguments } from '@remit/engine'
import type { Permitted as Permit } from '../../calls/index.ts'
import type { Action } from '../../catalog/index.ts'
import type { Json } from '../../lib/json.ts'
import type { Located } from '../passage.ts'
import type { Forwarded, Outgoing } from './outgoing.ts'

/** What is known of a call after each step. Values are added, never changed. */
export interface Matched extends Located {
  action: Action
  pathArguments: ReadonlyMap<string, string>
}
export interface Read extends Matched {
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
