import { isRisk } from '../../../catalog/catalog/index.ts'
import { ORIGINS } from '../../../identity/agents/index.ts'
import {
  type AttributeName,
  isAttribute,
  PERSON_ATTRIBUTES,
  type PersonAttributes,
} from '../../../identity/people/index.ts'
import {
  type CaseAgent,
  type CaseFile,
  type CasePerson,
  OUTCOMES,
  type PolicyCase,
} from './case.ts'
import { readExpected } from './read-expected.ts'
import { MemberReader } from './reading.ts'
import { BadFile, type Members, type YamlTree } from './tree.ts'
import { readYaml } from './yaml-tree.ts'

const MAX_BYTES = 1024 * 1024

/**
 * Reads a file of tests (`docs/policy-tests.md`).
 * @throws BadFile with the line of the first thing that cannot be meant
 */
export function readCases(file: string, text: string): CaseFile {
  if (text.length > MAX_BYTES) throw new BadFile(1, `longer than ${MAX_BYTES} characters`)
  const tree = readYaml(text)
  if (tree.is === 'nothing')
    return { file, about: [], assume: undefined, people: new Map(), agents: new Map(), cases: [] }
  const root = new MemberReader(asMap(tree))
  const people = new Map(root.members('people').map(([name, each]) => [name, person(name, each)]))
  const agents = new Map(root.members('agents').map(([name, each]) => [name, agent(each)]))
  const about = root.nodes('about')
  const assume = root.nodes('assume')[0]
  const given = root.map('given')
  const cases = root.list('tests').map((each) => readCase(asMap(each), given, { people, agents }))
  root.end()
  return { file, about, assume, people, agents, cases }
}

function asMap(tree: YamlTree): Members {
  if (tree.is === 'map') return tree
  throw new BadFile(tree.line, 'members with names are expected here')
}

/** `sam: [support]`, or with more to say `sam: { groups: [support], email: sam@example.com }`. */
function person(name: string, tree: YamlTree): CasePerson {
  if (tree.is !== 'map') {
    const groups = MemberReader.texts(tree)
    return { id: name, groups, email: undefined, attributes: {} }
  }
  const read = new MemberReader(tree)
  const found = {
    id: read.text('id') ?? name,
    groups: read.texts('groups'),
    email: read.text('email'),
    attributes: attributesIn(read.members('attributes')),
  }
  read.end()
  return found
}

/** `attributes: { department: sales, level: 3, roles: [reviewer] }`, of their types. */
function attributesIn(members: readonly (readonly [string, YamlTree])[]): PersonAttributes {
  return Object.fromEntries(
    members.map(([name, tree]) => {
      const value = isAttribute(name) ? attributeValue(PERSON_ATTRIBUTES[name], tree) : undefined
      if (value === undefined)
        throw new BadFile(tree.line, `\`${name}\` is no attribute of people, or none of this type`)
      return [name, value]
    }),
  )
}

function attributeValue(type: (typeof PERSON_ATTRIBUTES)[AttributeName], tree: YamlTree) {
  const texts = MemberReader.texts(tree)
  if (type === 'strings') return texts.toSorted()
  const [text = '', ...more] = texts
  if (more.length > 0 || tree.is !== 'text') return undefined
  if (type === 'string') return text
  if (type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
  return ['true', 'false'].includes(text) ? text === 'true' : undefined
}

function agent(tree: YamlTree): CaseAgent {
  if (tree.is === 'nothing') return { trust: 3, owner: undefined }
  const read = new MemberReader(asMap(tree))
  const trust = read.text('trust') ?? '3'
  if (!/^[0-3]$/.test(trust)) throw new BadFile(tree.line, '`trust` is a level from 0 to 3')
  const said = read.text('origin')
  const origin = ORIGINS.find((each) => each === said)
  if (said !== undefined && origin === undefined)
    throw new BadFile(tree.line, `\`origin\` is ${ORIGINS.join(', ')}`)
  const found = { trust: Number(trust), owner: read.text('owner'), origin }
  read.end()
  return found
}

interface Cast {
  readonly people: ReadonlyMap<string, CasePerson>
  readonly agents: ReadonlyMap<string, CaseAgent>
}

/** Reads a case; members that it does not give itself are those of `given`. */
function readCase(own: Members, given: Members | undefined, cast: Cast): PolicyCase {
  const members = new Map([...(given?.members ?? []), ...own.members])
  // A case that names a sponsor has no person, whatever is given for all.
  if (own.members.has('sponsor')) members.delete('person')
  if (own.members.has('person')) members.delete('sponsor')
  // And one about tokens calls nothing.
  for (const calls of ['action', 'args', 'risk'])
    if (own.members.has('issue') && !own.members.has(calls)) members.delete(calls)
  if (own.members.has('action')) for (const issues of ['issue', 'at']) members.delete(issues)
  const read = new MemberReader({ ...own, members })
  const it = read.text('it')
  if (it === undefined) throw new BadFile(own.line, 'a test needs a sentence: `it: …`')
  const sponsors = read.texts('sponsor')
  const persons = sponsors.length > 0 ? sponsors : read.texts('person')
  const agents = read.texts('agent')
  const issued = read.nodes('issue')
  const actions = issued.length > 0 ? issued : read.nodes('action')
  const at = read.text('at')
  const above = read.texts('above')
  const expected = read.any('expect')
  if (persons.length === 0)
    throw new BadFile(own.line, `\`${it}\` does not say for whom: \`person:\` or \`sponsor:\``)
  if (agents.length === 0) throw new BadFile(own.line, `\`${it}\` names no \`agent:\``)
  if (actions.length === 0)
    throw new BadFile(own.line, `\`${it}\` names no \`action:\` and no \`issue:\``)
  if (issued.length > 0 && at === undefined)
    throw new BadFile(own.line, `\`${it}\` does not say for which resource: \`at:\``)
  if (issued.length === 0 && at !== undefined)
    throw new BadFile(own.line, '`at` belongs to `issue:`')
  if (!expected)
    throw new BadFile(own.line, `\`${it}\` expects nothing: \`expect: ${OUTCOMES.join(', or ')}\``)
  const participants = read.texts('participants')
  const requester = read.text('requester')
  known(
    own,
    cast.people,
    [...persons, ...participants, ...(requester ? [requester] : [])],
    'person',
  )
  known(own, cast.agents, [...agents, ...above], 'agent')
  const found: PolicyCase = {
    it,
    line: own.line,
    persons,
    sponsored: sponsors.length > 0,
    agents,
    above,
    actions,
    at: issued.length > 0 ? at : undefined,
    args: read.map('args'),
    loose: !own.members.has('args'),
    risk: risk(read),
    now: read.nodes('now')[0],
    bound: read.oneOf('token', ['bound', 'bearer']) !== 'bearer',
    ip: read.text('ip'),
    purpose: read.text('purpose'),
    requester,
    participants,
    intersect: read.oneOf('mode', ['requester', 'intersection']) === 'intersection',
    space: read.text('space'),
    context: read.map('context')?.members ?? new Map(),
    expect: readExpected(expected, { persons, agents, actions: actions.map(({ text }) => text) }),
    rules: read.nodes('rules'),
    approvers: read.has('approvers') ? read.texts('approvers') : undefined,
  }
  read.end()
  return found
}

function known(
  { line }: Members,
  cast: ReadonlyMap<string, unknown>,
  names: readonly string[],
  kind: 'person' | 'agent',
): void {
  const missing = names.find((name) => !cast.has(name))
  if (missing === undefined) return
  const where = kind === 'person' ? 'people' : 'agents'
  const there = [...cast.keys()].map((name) => `\`${name}\``).join(', ') || 'nobody'
  throw new BadFile(
    line,
    `there is no ${kind} \`${missing}\` under \`${where}:\``,
    `there is ${there}`,
  )
}

function risk(read: MemberReader): PolicyCase['risk'] {
  const text = read.text('risk')
  if (text === undefined || isRisk(text)) return text
  throw new BadFile(read.line, '`risk` is low, medium, high or critical')
}
