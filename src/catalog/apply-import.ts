import { Problem } from '../lib/problem.ts'
import {
  identifierOwner,
  replaceActions,
  selectActions,
  selectResource,
  writeResource,
} from './catalog-store.ts'
import { changeCatalog } from './change-catalog.ts'
import { keptMarks, proposedMarks } from './marks.ts'
import type { CatalogParts } from './parts.ts'
import type { ImportPlan } from './plan-resource.ts'
import type { Action, Resource } from './resource.ts'
import { checkSentence } from './sentence.ts'
import { summarizeUntyped, type UntypedSummary } from './untyped.ts'

export interface Imported {
  readonly resource: string
  /** Nothing was different: nothing was written, no epoch raised. */
  readonly unchanged: boolean
  readonly added: readonly string[]
  /** Actions whose definition is another one now: approvals of the old one no longer fit. */
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  readonly notes: readonly string[]
  /** What bounds and policies cannot see of it, grouped by the reason. */
  readonly untyped: readonly UntypedSummary[]
}

/**
 * Puts a planned import into the catalog, new or over what is there. What an administrator has said stays: risk classes he has
 * set, and sentences that still fit. Idempotent.
 * @throws Problem `catalog.exists` (name or identifier of another), `policy.would_break`, `catalog.changed`
 */
export async function applyImport(
  parts: CatalogParts,
  plan: ImportPlan,
  by: string,
): Promise<Imported> {
  const { storage } = parts
  const { name } = plan.resource
  const known = await selectResource(storage.read, name)
  await checkNames(parts, plan, known)
  const before = await selectActions(storage.read, name)
  const old = new Map(before.map((action) => [action.name, action]))
  const kept = plan.actions.map((action) => keepSettings(action, old.get(action.name)))
  const actions = kept.map((each) => each.action)
  const difference = compare(before, actions)
  const told = {
    resource: name,
    notes: [...plan.notes, ...kept.flatMap((each) => each.notes)],
    untyped: summarizeUntyped(actions),
  }
  if (known && isSame(plan, known, before, actions))
    return { ...told, unchanged: true, added: [], changed: [], removed: [] }
  await changeCatalog(parts, {
    next: (all) => [...all.filter((action) => action.resource !== name), ...actions],
    write: async (tx) => {
      await writeResource(tx, plan.resource, parts.clock.now())
      await replaceActions(tx, name, actions)
      await parts.ledger.append(tx, {
        type: known ? 'resource.updated' : 'resource.imported',
        resource: name,
        by,
        facts: {
          document: plan.resource.documentDigest,
          upstream: plan.resource.upstream,
          ...difference,
        },
      })
    },
    // A suspended resource stays suspended.
    raises: [{ kind: 'resource', id: name, ...(known ? {} : { state: 'active' as const }) }],
  })
  return { ...told, unchanged: false, ...difference }
}

async function checkNames(
  parts: CatalogParts,
  { resource }: ImportPlan,
  known: Resource | undefined,
): Promise<void> {
  const { name, identifier, protocol } = resource
  if (known?.status === 'removed') {
    throw new Problem('catalog.exists', `\`${name}\` was removed; names are not used again`)
  }
  if (known && known.identifier !== identifier) {
    throw new Problem(
      'catalog.exists',
      `\`${name}\` has the identifier \`${known.identifier}\`, which never changes`,
    )
  }
  if (known && known.protocol !== protocol) {
    throw new Problem(
      'catalog.exists',
      `\`${name}\` is ${KIND[known.protocol]}; names are not used again`,
    )
  }
  const owner = await identifierOwner(parts.storage.read, identifier)
  if (owner !== undefined && owner !== name) {
    throw new Problem('catalog.exists', `the identifier is that of \`${owner}\``)
  }
}

const KIND = { http: 'an HTTP API', mcp: 'an MCP server' } as const

/** The document proposes; what an administrator set stays. */
function keepSettings(
  action: Action,
  old: Action | undefined,
): { action: Action; notes: readonly string[] } {
  if (!old) return { action: { ...action, ...proposedMarks(action) }, notes: [] }
  const notes: string[] = []
  if (isAnotherTool(action, old)) {
    const detail = `\`${action.name}\` means another tool of the server meanwhile: import it again`
    throw new Problem('catalog.changed', detail)
  }
  const fits = checkSentence(old.sentence, action.arguments).length === 0
  if (!fits)
    notes.push(
      `${action.name}: the sentence no longer fits its arguments and is the document's now`,
    )
  else if (old.sentence !== action.sentence) {
    notes.push(`${action.name}: keeps its sentence; the document proposes \`${action.sentence}\``)
  }
  const settled = !old.riskProposed && !isLighter(action, old)
  if (!old.riskProposed && !settled)
    notes.push(`${action.name}: says now that it only reads; its risk class has to be set again`)
  const { risk, riskProposed } = settled ? old : action
  return {
    action: {
      ...action,
      ...keptMarks(action, old),
      risk,
      riskProposed,
      sentence: fits ? old.sentence : action.sentence,
    },
    notes,
  }
}

/** INVARIANT: a name never comes to mean another tool (`nameFor`); ceilings and consents that name it would mean that one, too. */
function isAnotherTool(action: Action, old: Action): boolean {
  const { definition } = action
  return definition?.kind !== old.definition?.kind || definition?.name !== old.definition?.name
}

/** A class that was set for a tool that changes things says nothing about one that claims to read. */
function isLighter(action: Action, old: Action): boolean {
  return action.definition?.kind === 'tool' && action.access === 'read' && old.access === 'write'
}

function compare(before: readonly Action[], after: readonly Action[]) {
  const old = new Map(before.map((action) => [action.name, action.digest]))
  const names = new Set(after.map(({ name }) => name))
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    changed: after
      .filter(({ name, digest }) => old.has(name) && old.get(name) !== digest)
      .map(({ name }) => name),
    removed: before.filter(({ name }) => !names.has(name)).map(({ name }) => name),
  }
}

function isSame(
  { resource }: ImportPlan,
  known: Resource,
  before: readonly Action[],
  after: readonly Action[],
): boolean {
  const described =
    resource.title === known.title &&
    resource.mode === known.mode &&
    resource.upstream === known.upstream &&
    resource.trusted === known.trusted &&
    resource.connection === known.connection &&
    resource.documentDigest === known.documentDigest &&
    resource.protocol === known.protocol
  // What an MCP server says about itself is in the digest of the document.
  const text = (actions: readonly Action[]) =>
    actions
      .map(
        (each) =>
          `${each.name} ${each.digest} ${each.risk} ${each.riskProposed} ${each.sentence} ${each.counterparty} ${each.size}`,
      )
      .toSorted()
      .join('\n')
  return described && text(before) === text(after)
}
