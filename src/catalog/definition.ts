import { domainHash } from '../lib/domain-hash.ts'
import type { Action } from './resource.ts'

/**
 * What an action is, as one digest. Part of the call hash (contract 6): when the meaning of a call changes, an approval
 * given for the old meaning no longer fits. Risk class and sentence are not in it: they do not change what is sent.
 */
export function definitionDigest(
  action: Pick<
    Action,
    'resource' | 'name' | 'method' | 'path' | 'access' | 'arguments' | 'untyped'
  >,
): string {
  const { resource, name, method, path, access, untyped } = action
  return domainHash('remit/definition/v1', {
    resource,
    name,
    method,
    path,
    access,
    arguments: action.arguments,
    untyped,
  })
}
