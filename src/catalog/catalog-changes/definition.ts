import { domainHash } from '../../platform/lib/canonical-json.ts'
import type { Action } from '../catalog/index.ts'

/**
 * Digests what an action is. The digest is part of the call hash (contract 6): when the meaning of
 * a call changes, an approval given for the old meaning no longer fits. Risk class and sentence are
 * not in it: they do not change the sent call. The words of the document are in it, and the reviewed
 * definition of an MCP server: the description of an operation is part of the approval.
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
