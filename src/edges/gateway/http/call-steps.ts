import type { TypedArguments } from '@remit/engine'
import type { Verdict } from '../../../calls/calls/index.ts'
import type { Action } from '../../../catalog/catalog/index.ts'
import type { Upload } from '../../../platform/bodies/index.ts'
import type { Json } from '../../../platform/lib/json.ts'
import type { LocatedRequest } from '../passage.ts'
import type { ForwardResult, UpstreamRequest } from './outgoing.ts'

/** Knowledge of a call after each step. Values are added, never changed. */
export interface MatchedRequest extends LocatedRequest {
  action: Action
  pathArguments: ReadonlyMap<string, string>
}
export interface ReadCall extends MatchedRequest {
  /** Body as it is decided on; of an upload, what it says of itself. */
  body: Json | undefined
  /** Upload whose bytes are sent on as they came. */
  upload?: Upload | undefined
}
export interface TypedRequest extends ReadCall {
  arguments: TypedArguments
}
export interface PermittedRequest extends TypedRequest {
  verdict: Verdict<'permit'>
  /** Permits of the other calls that the same request makes. */
  others?: readonly Verdict<'permit'>[]
  /** Headers of the caller that go on; part of the decided call. */
  passedOn: readonly (readonly [string, string])[]
  /** Path at the upstream, encoded. */
  path: string
}
/** Parts of a permitted request that its API sees. */
export type SendableRequest = Pick<
  PermittedRequest,
  'action' | 'body' | 'others' | 'passedOn' | 'path' | 'request' | 'resource' | 'upload' | 'verdict'
>
export interface PreparedRequest extends PermittedRequest {
  outgoing: UpstreamRequest
}
export interface CompletedRequest extends PreparedRequest {
  forwarded: ForwardResult
}
