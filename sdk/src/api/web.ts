import type { Answer } from './answer.ts'
import { tellResponse } from './answers/web-answer.ts'
import { keepCall } from './call-of.ts'
import type { Guard, RemitCall, Route } from './guard.ts'
import { type ApiRequest, collect } from './incoming.ts'

/** A handler behind a guard. Its request has the body that was decided on. */
export type GuardedHandler = (request: Request, call: RemitCall) => Response | Promise<Response>

/**
 * A Web handler that runs only what Remit permits: `export default { fetch: protect(guard, route, handler) }`. The outcome is
 * reported when the handler has answered.
 */
export function protect(
  guard: Guard,
  route: Route | undefined,
  handler: GuardedHandler,
): (request: Request) => Promise<Response> {
  const admit = guard.for(route)
  return async (request) => {
    const admission = await admit(incomingOf(request))
    if (!admission.admitted) return responseOf(admission.answer)
    if (request.signal.aborted) {
      await admission.ended({ begun: false })
      throw request.signal.reason
    }
    const guarded = withBody(request, admission.text)
    keepCall(guarded, admission.call)
    let response: Response
    try {
      response = await handler(guarded, admission.call)
    } catch (error) {
      await admission.ended({})
      throw error
    }
    return tellResponse(response, admission)
  }
}

/** A Web request, as guards read it. Its body is read: go on with `withBody`. */
export function incomingOf(request: Request): ApiRequest {
  const { pathname, search } = new URL(request.url)
  return {
    method: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name) ?? undefined,
    bytes: (most) =>
      request.body ? collect(chunksOf(request.body), most) : Promise.resolve(new Uint8Array()),
  }
}

/** Makes the same request with the body that was decided on. */
export function withBody(request: Request, text: string | undefined): Request {
  const { headers, method, signal, url } = request
  return new Request(url, {
    headers,
    method,
    signal,
    ...(text === undefined ? {} : { body: text }),
  })
}

export function responseOf({ body, headers, status }: Answer): Response {
  return new Response(body, { status, headers })
}

/** Not every platform can iterate over a stream by itself. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
