import type { ProtocolAdapter } from '../protocol.ts'
import { askAgent } from './agent-offering.ts'
import { CARD_PATH, cardAnswer, publicCard } from './card.ts'
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
