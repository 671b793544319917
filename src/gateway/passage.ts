import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Resource } from '../catalog/index.ts'
import type { StrictRequest } from './strict-request.ts'

/** What is known of a request after each step of its arrival. Values are added, never changed. */
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
/** It is meant for this resource, and carries a credential of some kind. */
export interface Located extends Strict {
  resource: Resource
  /** Segments behind the resource's name, decoded. */
  segments: readonly string[]
}
