import { EventStreamReader } from '../../../platform/lib/event-stream.ts'
import { ExactNumber, type Json, parseJson } from '../../../platform/lib/json.ts'
import { prettyJson } from '../../../platform/lib/terminal/pretty-json.ts'
import { visibleLines } from '../../../platform/lib/terminal/visible.ts'
import type { Cli } from '../cli.ts'
import { CommandFailure } from '../failure.ts'
import { type CallAnswer, isEventStream } from './send.ts'
import { shownOutcome } from './show-answer.ts'

/** Bytes that are held to be printed in one piece. */
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Writes the body for a person, as it comes. A terminal gets JSON over several lines, and nothing
 * that would disturb it.
 */
export async function writeBody(cli: Cli, { problem, response }: CallAnswer): Promise<void> {
  const { output } = cli.world
  // A person who looks has been told in words already.
  if (problem && output.isTerminal) return
  if (!output.isTerminal || isEventStream(response)) return copy(cli, response)
  const bytes = await whole(response)
  const json = isJson(response) ? parseExactBody(bytes) : undefined
  const text = json === undefined ? new TextDecoder().decode(bytes) : prettyJson(json)
  output.write(text === '' || text.endsWith('\n') ? visibleLines(text) : `${visibleLines(text)}\n`)
}

async function copy(cli: Cli, response: Response): Promise<void> {
  const { output } = cli.world
  const decoder = new TextDecoder()
  for await (const chunk of chunksOf(response)) {
    output.write(output.isTerminal ? visibleLines(decoder.decode(chunk, { stream: true })) : chunk)
  }
}

/** Writes for a program: one JSON document; of a stream one line for each event. */
export async function writeJson(cli: Cli, answer: CallAnswer, taskId: string): Promise<void> {
  const { output } = cli.world
  const about = aboutAnswer(answer, taskId)
  if (!answer.problem && isEventStream(answer.response)) {
    output.write(`${JSON.stringify(about)}\n`)
    const events = new EventStreamReader({ strict: false })
    for await (const chunk of chunksOf(answer.response))
      for (const event of events.push(chunk)) output.write(`${JSON.stringify(event)}\n`)
    return
  }
  const bytes = await whole(answer.response)
  const body =
    (isJson(answer.response) ? parseExactBody(bytes) : undefined) ?? new TextDecoder().decode(bytes)
  const document = new Map([...toJson(about), ['body', body] as const])
  output.write(`${prettyJson(document)}\n`)
}

function aboutAnswer(answer: CallAnswer, taskId: string) {
  const { decisionId, response } = answer
  return {
    status: response.status,
    outcome: shownOutcome(answer),
    decision_id: decisionId ?? null,
    task_id: taskId,
    headers: Object.fromEntries(
      [...response.headers].filter(([name]) =>
        /^(?:content-type|location|etag|link|retry-after)$/.test(name),
      ),
    ),
  }
}

function toJson(about: ReturnType<typeof aboutAnswer>): readonly (readonly [string, Json])[] {
  const { headers, status, ...texts } = about
  return [
    ['status', new ExactNumber(String(status))],
    ...Object.entries(texts),
    ['headers', new Map(Object.entries(headers))],
  ]
}

function isJson({ headers }: Response): boolean {
  return /^application\/(?:[a-z0-9.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '')
}

/** `undefined`: it says it is JSON and is not, or is such that two readers would read it differently. */
function parseExactBody(bytes: Uint8Array): Json | undefined {
  try {
    return parseJson(bytes, { bytes: MAX_BYTES })
  } catch {
    return undefined
  }
}

async function whole(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of chunksOf(response)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body ?? []) yield chunk
  } catch (cause) {
    throw new CommandFailure('The answer was cut', {
      detail: 'the task no longer permits it, or the API ended the connection',
      cause,
    })
  }
}
