import { join } from 'node:path'
import type { Counterpart } from '../counterpart.ts'
import { fromPip } from '../python.ts'
import { newestPython } from '../python-sdk/get.ts'
import { buildWheel, installWheel } from '../python-sdk/wheel.ts'

const requirements = (name: string) =>
  join(import.meta.dirname, '..', 'python-sdk', 'requirements', name)

/** Frameworks for agents in Python, with the package for Python beside them. */
export const pythonFrameworks: Counterpart = {
  name: 'python-frameworks',
  version:
    'LangChain 1.5, LangGraph 1.2, langchain-mcp-adapters 0.3, Pydantic AI 2.68, OpenAI Agents 0.24',
  async get() {
    const newest = newestPython()
    const builder = await fromPip('sdk-newest', requirements('newest.txt'), newest)
    const programs = await fromPip('sdk-frameworks', requirements('frameworks.txt'), newest)
    // Apart from the others: it wants another generation of the official client.
    const openai = await fromPip('openai-agents', requirements('openai-agents.txt'), newest)
    const wheel = await buildWheel(builder)
    for (const each of [programs, openai]) installWheel(each, wheel)
    return { REMIT_INTEROP_PYTHON_FRAMEWORKS: programs, REMIT_INTEROP_PYTHON_OPENAI: openai }
  },
}
