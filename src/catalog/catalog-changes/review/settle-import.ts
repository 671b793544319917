import { mapInSteps } from '../../../platform/lib/in-steps.ts'
import type { Action, PlannedResource, Resource } from '../../catalog/index.ts'
import type { ImportPlan, UncallableOperation } from '../plan-resource.ts'
import { keepSettings, requireSameTool } from './keep-settings.ts'
import { type Offer, type OfferContent, offerOf } from './offer.ts'

/** Difference that an import would make, by name of the action. */
export interface ImportDifference {
  readonly added: readonly string[]
  /**
   * Actions that have another definition now, which counts: approvals of the old one no longer fit.
   */
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /**
   * Actions for which another definition is offered, which is not accepted: no calls until
   * then.
   */
  readonly quarantined: readonly string[]
  /** New actions, which are not in the catalog before they are accepted. */
  readonly waiting: readonly string[]
  /** Actions that were quarantined, and are offered again as they were reviewed. */
  readonly restored: readonly string[]
}

export interface SettledImport {
  readonly resource: PlannedResource
  readonly actions: readonly Action[]
  /** Offers that are put beside the reviewed definitions. */
  readonly offers: readonly OfferContent[]
  /** Offers that are none any more. */
  readonly dropped: readonly string[]
  readonly difference: ImportDifference
  readonly notes: readonly string[]
  readonly uncallable: readonly UncallableOperation[]
}

/** State of the resource before the import. */
export interface PriorState {
  readonly known: Resource | undefined
  readonly actions: readonly Action[]
  readonly offers: readonly Offer[]
}

/**
 * Settles what becomes of a plan. The first import is a review by itself. After that, what differs
 * from the reviewed definition waits, unless the administrator says `accept` with the import; an action
 * that is not offered any more goes at once. Pure, in steps.
 * INVARIANT: without `accept`, no action means anything else afterwards than before.
 * @throws Problem `catalog.changed`
 */
export async function settleImport(
  plan: ImportPlan,
  present: PriorState,
  accept: boolean,
): Promise<SettledImport> {
  const settling = new ImportSettler(present, accept || present.known === undefined)
  await mapInSteps(plan.actions, (action) => settling.take(action))
  return settling.settled(plan)
}

class ImportSettler {
  readonly #present: PriorState
  readonly #accept: boolean
  readonly #before: ReadonlyMap<string, Action>
  readonly #actions: Action[] = []
  readonly #offers: OfferContent[] = []
  readonly #notes: string[] = []
  readonly #names = new Set<string>()
  readonly #difference = {
    added: [] as string[],
    changed: [] as string[],
    quarantined: [] as string[],
    waiting: [] as string[],
    restored: [] as string[],
  }

  constructor(present: PriorState, accept: boolean) {
    this.#present = present
    this.#accept = accept
    this.#before = new Map(present.actions.map((action) => [action.name, action]))
  }

  take(action: Action): void {
    const { name } = action
    this.#names.add(name)
    const old = this.#before.get(name)
    if (!old && !this.#accept) this.#wait(action)
    else if (!old) this.#add(action, undefined, 'added')
    else if (old.digest === action.digest) this.#stay(action, old)
    else if (this.#accept || isContent(action)) this.#add(action, old, 'changed')
    else this.#quarantine(action, old)
  }

  #add(action: Action, old: Action | undefined, how: 'added' | 'changed'): void {
    this.#difference[how].push(action.name)
    this.#keep(action, old)
  }

  #stay(action: Action, old: Action): void {
    if (old.quarantined) this.#difference.restored.push(old.name)
    const { accepted } = old
    this.#keep(accepted ? { ...action, accepted } : action, old)
  }

  #keep(action: Action, old: Action | undefined): void {
    const kept = keepSettings(action, old)
    this.#actions.push(kept.action)
    this.#notes.push(...kept.notes)
  }

  #quarantine(action: Action, old: Action): void {
    requireSameTool(action, old)
    this.#difference.quarantined.push(old.name)
    this.#actions.push(old)
    this.#offers.push(offerOf(action, 'changed'))
  }

  #wait(action: Action): void {
    this.#difference.waiting.push(action.name)
    this.#offers.push(offerOf(action, 'added'))
  }

  settled({ notes, resource, uncallable = [] }: ImportPlan): SettledImport {
    const offered = new Set(this.#offers.map(({ action }) => action))
    const dropped = this.#present.offers.filter(({ action }) => !offered.has(action))
    const removed = [...this.#before.keys()].filter((name) => !this.#names.has(name))
    const server = this.#server(resource)
    return {
      resource: { ...resource, server },
      actions: this.#actions,
      offers: this.#offers,
      dropped: dropped.map(({ action }) => action),
      difference: { ...this.#difference, removed },
      notes: [...notes, ...this.#notes],
      uncallable,
    }
  }

  /** Clients are told what the server says about itself, so that waits for a word, too. */
  #server({ name, server }: PlannedResource): PlannedResource['server'] {
    const before = this.#present.known?.server
    if (!server) return server
    // What the server offers besides its lists is asked on import, and not each time that it is looked at.
    const offered = server.offers ?? before?.offers
    const now = { ...server, ...(offered === undefined ? {} : { offers: offered }) }
    if (this.#accept) return now
    const kept = before && {
      ...before,
      ...(server.card === undefined ? {} : { card: server.card }),
      ...(offered === undefined ? {} : { offers: offered }),
    }
    // An agent whose card another key signs is not the one that was reviewed: the gateway calls it no more.
    if (before && (before.signers ?? []).join(' ') !== (server.signers ?? []).join(' ')) {
      this.#notes.push(
        `another key signs the card now, or none; calls are refused until \`remit resources import ${name} --accept\``,
      )
      return kept
    }
    if (before?.instructions === server.instructions) return now
    this.#notes.push(
      `the server gives clients other instructions now; they are told the old ones until \`remit resources import ${name} --accept\``,
    )
    return kept
  }
}

/** The lists of resources behind their reading are content: they change all the time, and do not tell what a call does. */
export function isContent({ definition }: Pick<Action, 'definition'>): boolean {
  return definition?.kind === 'resource'
}
