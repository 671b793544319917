import { MCP_LIMITS, type McpLimits } from '../../edges/gateway/index.ts'
import type { Capacity } from '../../platform/http/index.ts'
import type { Settings } from './settings.ts'

/** Limits of what all strangers, and each address, may hold. */
export function capacityOf(settings: Settings): Capacity {
  const bytes = settings.maxBodyMib * 1024 * 1024
  return {
    connections: {
      total: settings.maxConnections,
      perAddress: settings.maxConnectionsPerAddress,
    },
    bodyBytes: { total: bytes, perAddress: bytes / 4 },
    working: settings.maxWorking,
  }
}

/** Limits of MCP calls. */
export function mcpLimitsOf(settings: Settings): McpLimits {
  const hold = {
    withProgress: settings.mcpHoldProgressSeconds * 1000,
    without: settings.mcpHoldSeconds * 1000,
  }
  return {
    ...MCP_LIMITS,
    hold,
    resultBytes: settings.mcpResultBytes,
    definitionsEvery: settings.mcpWatchSeconds * 1000,
  }
}

/**
 * Rates of work that costs something before anyone is known: signatures to check, rows to write,
 * providers to ask.
 */
export function ratesOf(settings: Settings) {
  return [
    {
      of: 'sign-ins',
      paths: ['/sign-in', '/sign-in/', '/setup/', '/cli', '/device', '/oauth/authorize'],
      perMinute: settings.signInsPerMinute,
    },
    {
      of: 'token requests',
      paths: [
        '/oauth/token',
        '/oauth/revoke',
        '/oauth/par',
        '/oauth/bc-authorize',
        '/oauth/device_authorization',
      ],
      method: 'POST',
      perMinute: settings.tokensPerMinute,
    },
    {
      // An API asks for each request it gets.
      of: 'questions about tokens',
      paths: ['/oauth/introspect'],
      method: 'POST',
      perMinute: settings.tokensPerMinute * 10,
    },
    {
      of: 'registrations',
      paths: ['/oauth/register'],
      method: 'POST',
      perMinute: settings.registrationsPerMinute,
    },
    {
      of: 'changes of registrations',
      paths: ['/oauth/register/'],
      perMinute: settings.registrationsPerMinute,
    },
  ]
}
