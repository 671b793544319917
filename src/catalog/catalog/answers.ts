import { isObject, parseJson } from '../../platform/lib/json.ts'
import type { Reader } from '../../platform/storage/index.ts'
import {
  type AnswerShape,
  type AnswerShapes,
  reach,
  ShapeReader,
  selectShapes,
} from '../argument-types/index.ts'
import { selectActions } from './catalog-store.ts'
import type { Action } from './resource.ts'

const MAX_BYTES = 8 * 1024 * 1024

interface DescribedAnswers {
  readonly shapes: AnswerShapes | undefined
  /** Definitions of the actions of an MCP server, by action. */
  readonly definitions: ReadonlyMap<string, Action['definition']>
}

/**
 * Shapes that answers of actions can have. Made for one check: the description of an API is read
 * once, when it is first asked for.
 */
export class Answers {
  readonly #reader: Reader
  readonly #described = new Map<string, Promise<DescribedAnswers>>()

  constructor(reader: Reader) {
    this.#reader = reader
  }

  /** `undefined`: its document, or its definition, does not say. */
  async of(action: string): Promise<AnswerShape | undefined> {
    const resource = action.split('.', 1)[0] ?? ''
    const known = this.#described.get(resource) ?? this.#describe(resource)
    this.#described.set(resource, known)
    const { definitions, shapes } = await known
    const definition = definitions.get(action)
    if (definition) return ofDefinition(definition)
    const root = shapes && Object.hasOwn(shapes.of, action) ? shapes.of[action] : undefined
    return shapes && root !== undefined ? unlessAny({ nodes: shapes.nodes, root }) : undefined
  }

  async #describe(resource: string): Promise<DescribedAnswers> {
    const shapes = await selectShapes(this.#reader, resource)
    const actions = shapes ? [] : await selectActions(this.#reader, resource)
    return {
      shapes,
      definitions: new Map(actions.map(({ definition, name }) => [name, definition])),
    }
  }
}

/**
 * Reads the answer shape of a tool: that of its `structuredContent`. The definition has it, so it
 * was reviewed already.
 */
function ofDefinition({ json, kind }: NonNullable<Action['definition']>): AnswerShape | undefined {
  if (kind !== 'tool') return undefined
  const tool = parseJson(json, { bytes: MAX_BYTES })
  const output = isObject(tool) ? tool.get('outputSchema') : undefined
  if (!isObject(output)) return undefined
  const reader = new ShapeReader(output)
  const root = reader.read(output)
  return root === undefined ? undefined : unlessAny({ root, nodes: reader.finish() })
}

/** Answers the shape, unless it can be anything: then it is not known. */
function unlessAny(shape: AnswerShape): AnswerShape | undefined {
  const reached = reach(shape, '')
  return reached.there && !reached.kinds.has('any') ? shape : undefined
}
