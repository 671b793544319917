import type { PolicyJson } from '@remit/engine'
import { isRecord } from '../../../platform/lib/json.ts'
import type { AnnotatedJson } from '../exact-integers.ts'
import type { LinkText, SlotValue } from './link-text.ts'

export type Slot = '?principal' | '?resource'

/** The slots that a template has. Cedar knows them in scopes only, each in the place of its name. */
export function slotsOf({
  principal,
  resource,
}: Pick<PolicyJson, 'principal' | 'resource'>): readonly Slot[] {
  const slots: Slot[] = []
  if (hasSlot(principal)) slots.push('?principal')
  if (hasSlot(resource)) slots.push('?resource')
  return slots
}

function hasSlot(scope: object): boolean {
  return 'slot' in scope || ('in' in scope && isRecord(scope.in) && 'slot' in scope.in)
}

/** Annotations that a link may have of its own. All others are what its template says. */
export const OWN_ANNOTATIONS: ReadonlySet<string> = new Set(['id', 'description', 'advice'])

/**
 * The policy that a link makes of its template, as if it had been written so: its scope with the entities of the link, its conditions and
 * annotations as they are, its id that of the link. So whatever reads policies need not know of links.
 */
export function instantiate(template: AnnotatedJson, link: LinkText): AnnotatedJson {
  const { annotations = {}, principal, resource } = template
  return {
    ...template,
    // Without an id of its own it has none.
    annotations: { ...annotations, id: '', ...Object.fromEntries(link.annotations) },
    principal: filled(principal, link.values.get('?principal')),
    resource: filled(resource, link.values.get('?resource')),
  }
}

function filled(scope: object, value: SlotValue | undefined): object {
  if (value === undefined) return scope
  const entity = { type: value.type, id: value.id }
  const { slot, ...rest } = scope as { slot?: string; in?: object } // as: Cedar's form of a scope
  if (slot !== undefined) return { ...rest, entity }
  return 'in' in rest ? { ...rest, in: { entity } } : scope
}
