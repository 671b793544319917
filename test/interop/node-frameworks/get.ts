import type { Counterpart } from '../counterpart.ts'
import { fromNpm } from '../npm.ts'

/** Frameworks for agents in JavaScript, with more packages than the tests of every day should bring. */
export const nodeFrameworks: Counterpart = {
  name: 'node-frameworks',
  version:
    'AI SDK 7.0.173, @ai-sdk/mcp 2.0.99, LangChain 1.5.14, @langchain/mcp-adapters 1.1.4, OpenAI Agents 0.20.0, @modelcontextprotocol/client 2.4.0',
  async get() {
    return { REMIT_INTEROP_NODE_FRAMEWORKS: fromNpm('node-frameworks', import.meta.dirname) }
  },
}
