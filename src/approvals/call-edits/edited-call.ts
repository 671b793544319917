import { fits, type GivenArguments } from '@remit/engine'
import { typeArguments } from '../../catalog/argument-types/index.ts'
import { type Action, renderSentence } from '../../catalog/catalog/index.ts'
import { templateDigest } from '../../catalog/catalog-changes/index.ts'
import { type Canonical, canonicalJson } from '../../platform/lib/canonical-json.ts'
import { ExactNumber, isObject, type Json, parseJson } from '../../platform/lib/json.ts'
import {
  type AccessRequest,
  callHash,
  type FrozenCall,
  type FrozenQuestion,
  frozenText,
  type Leaf,
  readFrozen,
} from '../access-requests/index.ts'
import { badEdit, type Edit } from './edit.ts'

/** An argument that approvers may change. */
export interface EditableArgument {
  readonly leaf: Leaf
  /** Items of a list, as JSON; absent: a number. */
  readonly items?: readonly string[]
}

/** A value of one argument, before and after. */
export interface EditedArgument {
  readonly path: string
  readonly from: string
  readonly to: string
}

type EditedRequest = Pick<AccessRequest, 'ask' | 'call' | 'inspected'>

/**
 * Lists the arguments that may be changed: those that every rule that asks names, in a JSON body,
 * numbers that are not negative and lists of several items. None where a part of the call has no type.
 */
export function editableArguments(
  request: EditedRequest,
  action: Action | undefined,
): readonly EditableArgument[] {
  const { inspected } = request
  const { editable } = request.ask
  if (!editable || !inspected || !action) return []
  const call = readFrozen(request.call)
  if (action.digest !== call.definition) return []
  return inspected.flatMap((leaf) => {
    if (!editable.includes(leaf.path) || bodyPathOf(call, action, leaf.path) === undefined)
      return []
    if (leaf.kind === 'integer' || leaf.kind === 'decimal')
      return fits(leaf.kind, { op: 'gte', value: '0' }, leaf.text) ? [{ leaf }] : []
    const items = leaf.kind === 'list' ? itemsOf(leaf) : []
    return items.length > 1 ? [{ leaf, items: items.map((item) => canonicalJson(item)) }] : []
  })
}

function itemsOf({ text }: Leaf): readonly Json[] {
  const list = parseJson(text)
  return Array.isArray(list) ? Array.from<Json>(list) : []
}

/** Members of the body that lead to an argument; `undefined`: it is not in a JSON body. */
function bodyPathOf(call: FrozenCall, action: Action, path: string): readonly string[] | undefined {
  const [name, ...members] = path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const { arguments: known, body } = action.arguments
  const argument = known.find((each) => each.name === name && each.place === 'body')
  if (!argument || body.form !== 'members' || call.body.kind !== 'json') return undefined
  if (call.method === 'tools/call') return ['arguments', argument.wire, ...members]
  return call.method.includes('/') ? undefined : [argument.wire, ...members]
}

/**
 * Makes the call as an approver changed it, with everything that is frozen about it. It is checked
 * against the action as any call is.
 * INVARIANT: a change only takes away: a number becomes smaller and not negative, a list loses items
 * and keeps their order. Nothing else of the call is another.
 * @throws Problem `approval.bad_edit`
 */
export function editCall(
  request: EditedRequest,
  action: Action | undefined,
  edits: readonly Edit[],
): Pick<FrozenQuestion, 'call' | 'callHash' | 'inspected' | 'templateDigest' | 'text'> {
  const editable = editableArguments(request, action)
  const paths = new Set(edits.map(({ path }) => path))
  if (!action || edits.length === 0 || paths.size !== edits.length)
    throw badEdit('it names no argument, or one twice')
  let inspected: readonly Leaf[] = request.inspected ?? []
  let call = readFrozen(request.call)
  for (const edit of edits) {
    const found = editable.find(({ leaf }) => leaf.path === edit.path)
    const place = bodyPathOf(call, action, edit.path)
    if (!found || !place || call.body.kind !== 'json')
      throw badEdit(`${edit.path} may not be changed`)
    let text = ''
    const value = replaced(call.body.value, place, (before) => {
      const after = changed(found, edit, before)
      text = after.text
      return after.value
    })
    call = { ...call, body: { kind: 'json', value } }
    inspected = inspected.map((leaf) => (leaf.path === edit.path ? { ...leaf, text } : leaf))
  }
  const typed = typeArguments(action, givenOf(call, action, inspected))
  if (!typed.ok) throw badEdit(typed.detail)
  return {
    call: frozenText(call),
    callHash: callHash(call),
    inspected,
    text: renderSentence(action, typed.arguments),
    templateDigest: templateDigest(action),
  }
}

/** Lists the differences, as both were inspected. */
export function editedArguments(
  before: Pick<AccessRequest, 'inspected'>,
  after: Pick<AccessRequest, 'inspected'>,
): readonly EditedArgument[] {
  const now = new Map(after.inspected?.map(({ path, text }) => [path, text]))
  return (before.inspected ?? []).flatMap(({ path, text: from }) => {
    const to = now.get(path)
    return to === undefined || to === from ? [] : [{ path, from, to }]
  })
}

/** Replaces the one value that members lead to. */
function replaced(
  value: Canonical,
  [name, ...rest]: readonly string[],
  change: (before: Canonical) => Canonical,
): Canonical {
  if (name === undefined) return change(value)
  const members = value instanceof Map ? value : new Map<string, Canonical>()
  const member: Canonical | undefined = members.get(name)
  if (member === undefined) throw badEdit(`${name} is not in the call`)
  return new Map([...members, [name, replaced(member, rest, change)]])
}

/** The new value of an argument, and as an inspected text. */
function changed(
  { items, leaf }: EditableArgument,
  edit: Edit,
  before: Canonical,
): { readonly text: string; readonly value: Canonical } {
  const { kind, path } = leaf
  if ('keep' in edit) {
    const { keep } = edit
    const list = Array.isArray(before) ? Array.from<Canonical>(before) : []
    const inOrder = keep.every((index, i) => index > (keep[i - 1] ?? -1) && index < list.length)
    const some = keep.length > 0 && keep.length < list.length
    if (!items || items.length !== list.length || !inOrder || !some)
      throw badEdit(`of ${path} some items have to stay, and some have to go`)
    const kept = <T>(all: readonly T[]) => all.filter((_, i) => keep.includes(i))
    return { text: `[${kept(items).join(',')}]`, value: kept(list) }
  }
  const quoted = typeof before === 'string'
  const text = quoted ? edit.text : shortest(edit.text)
  const isNumber = kind === 'integer' || kind === 'decimal'
  const isSmaller =
    isNumber &&
    /^(0|[1-9][0-9]{0,18})(\.[0-9]{1,4})?$/.test(text) &&
    fits(kind, { op: 'lte', value: leaf.text }, text) &&
    !fits(kind, { op: 'eq', value: leaf.text }, text)
  if (!isSmaller) throw badEdit(`${path} has to be a number that is smaller than ${leaf.text}`)
  return { text, value: quoted ? text : new ExactNumber(text) }
}

/** A number as every JSON writer would write it, so that any agent can send it. */
function shortest(text: string): string {
  return /^[0-9]+\.[0-9]+$/.test(text) ? text.replace(/\.?0+$/, '') : text
}

/** The arguments of a frozen call as a request gives them. */
function givenOf(call: FrozenCall, action: Action, inspected: readonly Leaf[]): GivenArguments {
  const inPath = action.arguments.arguments.filter(({ place }) => place === 'path')
  const texts = new Map(inspected.map(({ path, text }) => [path, text]))
  const path = new Map(inPath.map(({ name, wire }) => [wire, texts.get(`/${name}`) ?? '']))
  const value = call.body.kind === 'json' ? (call.body.value as Json) : undefined // as: `readFrozen` parsed it
  const isTool = call.method === 'tools/call'
  const body = isTool && isObject(value) ? value.get('arguments') : value
  return { path, query: isTool ? [] : call.query, body }
}
