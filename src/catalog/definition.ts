import { domainHash } from '../lib/domain-hash.ts'
import type { Action } from './resource.ts'

/**
 * What an action is, as one digest. Part of the call hash (contract 6): when the meaning of a call changes, an approval
 * given for the old meaning no longer fits. Risk class and sentence are not in it: they do not change what is sent. What the
 * document says in words is, and of an MCP server the reviewed definition: what was said an operation does is part of what was
 * approved.
 */
export function definitionDigest(
  action: Pick<
    Action,
    'resource' | 'name' | 'method' | 'path' | 'access' | 'arguments' | 'untyped'
  > &
    Partial<Pick<Action, 'definition' | 'description'>>,
): string {
  const { access, definition, description, method, name, path, resource, untyped } = action
  return domainHash('remit/definition/v1', {
    resource,
    name,
    method,
    path,
    access,
    arguments: action.arguments,
    untyped,
    ...(definition === undefined ? {} : { definition }),
    ...(description === undefined ? {} : { description }),
  })
}
