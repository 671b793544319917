import type { ServerImporter } from '../../catalog/catalog-changes/index.ts'
import type { ProtocolAdapter } from '../../edges/gateway/index.ts'
import { fetchCard } from './agent-card.ts'
import { askAgent } from './agent-offering.ts'
import { CARD_PATH, cardAnswer, publicCard } from './card.ts'
import { planAgentImport } from './plan-agent-import.ts'
import { serveAgent } from './serve.ts'

export const A2A_PROTOCOL: ProtocolAdapter = {
  protocol: 'a2a',
  serve: serveAgent,
  answerWithoutToken({ request, resource, segments }, catalog, ports) {
    if (request.method !== 'GET' || segments.join('/') !== CARD_PATH) return undefined
    return cardAnswer(publicCard(catalog, resource, ports), request.headers.get('if-none-match'))
  },
  askOffering: askAgent,
}

export const A2A_IMPORTER: ServerImporter = {
  from: 'server',
  source: 'a2a',
  kind: 'an A2A agent',
  plan: async ({ fetchJson, headers, url }, options) =>
    planAgentImport(await fetchCard(fetchJson, url, { headers }), options),
}
