import type { Command } from 'commander'
import { command, type Start } from '../command.ts'
import { connectCommand } from './connect.ts'
import { wrapCommand } from './wrap.ts'

/** `remit mcp …`: MCP over standard input and output, for servers and for clients. */
export function mcpCommand(start: Start): Command {
  return command('mcp', 'MCP servers and clients that speak over standard input and output.', [
    'remit mcp wrap files -- npx -y @modelcontextprotocol/server-filesystem /data',
    'remit mcp connect desk --agent refund-bot --sign-in --purpose "answer customers"',
    'remit mcp connect desk --agent refund-bot --sign-in --purpose "answer customers" --print-config',
  ])
    .addCommand(wrapCommand(start))
    .addCommand(connectCommand(start))
}
