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
  version: 'LangChain 1.5, LangGraph 1.2, langchain-mcp-adapters 0.3, Pydantic AI 2.68',
  async get() {
    const newest = newestPython()
    const builder = await fromPip('sdk-newest', requirements('newest.txt'), newest)
    const programs = await fromPip('sdk-frameworks', requirements('frameworks.txt'), newest)
    installWheel(programs, await buildWheel(builder))
    return { REMIT_INTEROP_PYTHON_FRAMEWORKS: programs }
  },
}
