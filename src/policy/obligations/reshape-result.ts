import {
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  printJson,
} from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { MAX_RESHAPED, type Reshape, UnfitAnswer } from './reshape.ts'

/**
 * Changes the result of an MCP call as policies require; `undefined` when some part of it cannot be
 * changed so. `structuredContent` is what counts where there is any, and the content says the same;
 * else each text has to be JSON. Nothing else goes through.
 */
export function reshapeResult(
  method: string,
  result: JsonObject,
  reshape: Reshape,
): JsonObject | undefined {
  try {
    if (method === 'tools/call') return toolResult(result, reshape)
    // It has no content of the resource.
    if (method === 'resources/subscribe') return new Map()
    return method === 'resources/read' ? readResult(result, reshape) : undefined
  } catch (error) {
    if (error instanceof UnfitAnswer || error instanceof Problem) return undefined
    throw error
  }
}

function toolResult(result: JsonObject, reshape: Reshape): JsonObject | undefined {
  const isError = result.get('isError')
  if (isError !== undefined && typeof isError !== 'boolean') return undefined
  const kept: [string, Json][] = isError === undefined ? [] : [['isError', isError]]
  const structured = result.get('structuredContent')
  if (structured !== undefined) {
    const told = reshape(structured)
    const text = new Map([
      ['type', 'text'],
      ['text', printJson(told)],
    ])
    return new Map<string, Json>([['content', [text]], ['structuredContent', told], ...kept])
  }
  const content = result.get('content')
  if (!Array.isArray(content)) return undefined
  const told = content.map((item: Json) => reshapeTextItem(item, 'type', reshape))
  return told.every((item) => item !== undefined)
    ? new Map<string, Json>([['content', told], ...kept])
    : undefined
}

function readResult(result: JsonObject, reshape: Reshape): JsonObject | undefined {
  const contents = result.get('contents')
  if (!Array.isArray(contents)) return undefined
  const told = contents.map((item: Json) => reshapeTextItem(item, 'uri', reshape))
  return told.every((item) => item !== undefined) ? new Map([['contents', told]]) : undefined
}

/** Builds a new text item from one whose text is JSON, with only its member `keep` besides. */
function reshapeTextItem(
  item: Json,
  keep: 'type' | 'uri',
  reshape: Reshape,
): JsonObject | undefined {
  const text = isObject(item) ? item.get('text') : undefined
  if (!isObject(item) || typeof text !== 'string') return undefined
  const said = item.get(keep)
  // INVARIANT: nothing but a plain word stands beside the changed text.
  if (typeof said !== 'string' || (keep === 'type' && said !== 'text')) return undefined
  const told = printJson(reshape(parseJson(text, { bytes: MAX_RESHAPED })))
  return new Map<string, Json>([
    [keep, said],
    ['text', told],
  ])
}
