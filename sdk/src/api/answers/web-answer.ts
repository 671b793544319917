import type { Admission } from '../guard.ts'
import { type AnswerWork, KeptBytes, OF_THE_ANSWER, plainType } from './answering.ts'

type AdmittedCall = Extract<Admission, { admitted: true }>

/**
 * A response as it may be told, with the outcome reported: at once, or at its end where it is only read as it passes. What is held
 * and cannot be told is `withheld`.
 */
export async function tellResponse(response: Response, admission: AdmittedCall): Promise<Response> {
  const { answering, ended } = admission
  const { status } = response
  if (answering?.holds) return held(response, answering, ended)
  if (!answering || response.body === null) {
    await ended({ status })
    return response
  }
  return read(response, response.body, answering, ended)
}

async function held(
  response: Response,
  answering: AnswerWork,
  ended: AdmittedCall['ended'],
): Promise<Response> {
  const { status, statusText } = response
  const about = aboutOf(response)
  const bytes = await allOf(response, answering.canRead(about)).catch(async (error: unknown) => {
    await ended({})
    throw error
  })
  const answer = { ...about, bytes }
  const told = await answering.tell(answer)
  await ended({ status, amounts: answering.amounts(answer) })
  if ('withheld' in told) {
    const { body, headers, status } = told.withheld
    return new Response(body, { status, headers })
  }
  const headers = new Headers(response.headers)
  for (const name of [...OF_THE_ANSWER, 'content-length']) headers.delete(name)
  if (about.contentType !== '') headers.set('content-type', plainType(about.contentType))
  const none = told.bytes.byteLength === 0
  return new Response(none ? null : Uint8Array.from(told.bytes), { status, statusText, headers })
}

/** Stops where it is not told anyway: what cannot be read, such as a stream, or is larger than may be. */
async function allOf({ body }: Response, canRead: boolean): Promise<Uint8Array | undefined> {
  const kept = new KeptBytes()
  if (!body) return kept.bytes()
  const reader = body.getReader()
  for (;;) {
    if (!canRead || kept.isTooLarge) {
      await reader.cancel().catch(() => {})
      return undefined
    }
    const { done, value } = await reader.read()
    if (done) return kept.bytes()
    kept.push(value)
  }
}

function read(
  response: Response,
  body: ReadableStream<Uint8Array>,
  answering: AnswerWork,
  ended: AdmittedCall['ended'],
): Response {
  const { headers, status, statusText } = response
  const about = aboutOf(response)
  const kept = new KeptBytes()
  const reader = body.getReader()
  const passing = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) {
          kept.push(value)
          controller.enqueue(value)
          return
        }
        // The outcome is on record before the caller knows that this was all.
        await ended({ status, amounts: answering.amounts({ ...about, bytes: kept.bytes() }) })
        controller.close()
      } catch (error) {
        await ended({})
        controller.error(error)
      }
    },
    async cancel(reason) {
      await ended({ status })
      await reader.cancel(reason)
    },
  })
  return new Response(passing, { status, statusText, headers })
}

function aboutOf({ headers }: Response) {
  return {
    contentType: headers.get('content-type') ?? '',
    contentEncoding: headers.get('content-encoding') ?? '',
  }
}
