import { domainHash } from '../lib/domain-hash.ts'
import type { Action } from './resource.ts'

/**
 * What an action is, as one digest. Part of the call hash (contract 6): when the meaning of a call changes, an approval
 * given for the old meaning no longer fits. Risk class and sentence are not in it: they do not change what is sent. Of an MCP server, the reviewed
 * definition is: what an agent was told a tool does is part of what was approved.
 */
export function definitionDigest(
  action: Pick<
    Action,
    'resource' | 'name' | 'method' | 'path' | 'access' | 'arguments' | 'untyped'
  > &
    Partial<Pick<Action, 'definition'>>,
): string {
  const { resource, name, method, path, access, definition, untyped } = action
  return domainHash('remit/definition/v1', {
    resource,
    name,
    method,
    path,
    access,
    arguments: action.arguments,
    untyped,
    ...(definition === undefined ? {} : { definition }),
  })
}
