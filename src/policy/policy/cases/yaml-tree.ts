import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { BadFile, type Texts, type YamlTree } from './tree.ts'

const MAX_DEPTH = 16

/** @throws BadFile if the text is no YAML, or uses anchors, which would let a line stand for thousands */
export function readYaml(text: string): YamlTree {
  const lines = new LineCounter()
  const parsed = parseDocument(text, {
    version: '1.2',
    lineCounter: lines,
    logLevel: 'silent',
    prettyErrors: false,
    uniqueKeys: false,
  })
  const [mistake] = parsed.errors
  if (mistake) throw new BadFile(lines.linePos(mistake.pos[0]).line, `not YAML: ${mistake.message}`)
  return convert(parsed.contents, { lines, depth: 0, near: 1 })
}

interface NodeContext {
  readonly lines: LineCounter
  readonly depth: number
  /** Line of what it stands in. */
  readonly near: number
}

function convert(node: unknown, { depth, lines, near }: NodeContext): YamlTree {
  const line = lineOf(node, lines) ?? near
  if (depth > MAX_DEPTH) throw new BadFile(line, `nested deeper than ${MAX_DEPTH}`)
  const inner = { lines, depth: depth + 1, near: line }
  if (isAlias(node)) throw new BadFile(line, 'anchors and aliases are not read here')
  if (isSeq(node))
    return { is: 'list', line, items: node.items.map((item) => convert(item, inner)) }
  if (isMap(node)) return { is: 'map', line, members: yamlMembers(node, inner) }
  if (isScalar(node) && node.value !== null) return scalarNode(node, line)
  return { is: 'nothing', line }
}

function yamlMembers(map: YAMLMap, around: NodeContext): ReadonlyMap<string, YamlTree> {
  const members = new Map<string, YamlTree>()
  for (const { key, value } of map.items) {
    const line = lineOf(key, around.lines) ?? around.near
    if (!isScalar(key)) throw new BadFile(line, 'a name is not plain text')
    const name = scalarNode(key, line).text
    if (members.has(name)) throw new BadFile(line, `\`${name}\` stands here twice`)
    members.set(name, convert(value, { ...around, near: line }))
  }
  return members
}

function scalarNode({ source, type, value }: Scalar, line: number): Texts {
  const plain = type === 'PLAIN'
  const text = typeof value === 'string' ? value : (source ?? String(value))
  return { is: 'text', line, text, plain }
}

function lineOf(node: unknown, lines: LineCounter): number | undefined {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : null
  return range ? lines.linePos(range[0]).line : undefined
}
