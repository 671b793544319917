/**
 * The data of every event of a stream, as it arrives (Server-Sent Events, WHATWG HTML section 9.2). Names, ids and comments are
 * passed over: MCP needs none of them without resumption.
 */
export async function* eventData(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let data: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true })
      // A carriage return at the end may be half of a line end.
      const lines = rest.split(done ? /\r\n|\r|\n/ : /\r\n|\r(?!$)|\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line !== '') {
          const [, text] = /^data(?::\x20?(.*))?$/s.exec(line) ?? []
          if (line === 'data' || text !== undefined) data.push(text ?? '')
        } else if (data.length > 0) {
          yield data.join('\n')
          data = []
        }
      }
      if (done) return
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
