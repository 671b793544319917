import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { fromNpm } from '../npm.ts'

/** The Claude Agent SDK with its program, which is as large as all others together. */
export const claudeAgent: Counterpart = {
  name: 'claude-agent',
  version: '0.3.328',
  async get() {
    const folder = fromNpm('claude-agent', import.meta.dirname)
    const program = `claude-agent-sdk-${process.platform}-${process.arch}`
    if (!existsSync(join(folder, 'node_modules', '@anthropic-ai', program)))
      throw new UnavailableSource(
        `its package has no program for ${process.platform} ${process.arch}`,
      )
    return { REMIT_INTEROP_CLAUDE_AGENT: folder }
  },
}
