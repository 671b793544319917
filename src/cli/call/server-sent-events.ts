export interface ServerSentEvent {
  readonly event: string
  readonly data: string
  readonly id?: string
}

/** Events of a stream as they come (HTML Living Standard section 9.2.6). What was not ended by an empty line is dropped, as there. */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  let fields: (readonly [string, string])[] = []
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line !== '') {
        fields.push(fieldOf(line))
        continue
      }
      const event = eventOf(fields)
      fields = []
      if (event) yield event
    }
  }
}

function fieldOf(line: string): readonly [string, string] {
  const at = line.indexOf(':')
  if (at < 0) return [line, '']
  return [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')]
}

function eventOf(fields: readonly (readonly [string, string])[]): ServerSentEvent | undefined {
  const data = fields.filter(([name]) => name === 'data').map(([, value]) => value)
  if (data.length === 0) return undefined
  const named = (wanted: string) => fields.findLast(([name]) => name === wanted)?.[1]
  const id = named('id')
  return {
    event: named('event') || 'message',
    data: data.join('\n'),
    ...(id === undefined ? {} : { id }),
  }
}
