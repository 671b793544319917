export { fetchCard } from './a2a/agent-card.ts'
export { messageArguments } from './a2a/message-arguments.ts'
export { planAgentImport } from './a2a/plan-agent-import.ts'
export { acceptRisks, setRisk, setSentence, templateDigest } from './change-action.ts'
export { setDisplay } from './displays.ts'
export { planGraphqlImportInWorker } from './graphql/plan-graphql-import-in-worker.ts'
export { applyImport, previewImport } from './import/apply-import.ts'
export { planImportInWorker } from './import/plan-import-in-worker.ts'
export { setMark } from './marks.ts'
export { authzenMapping } from './mcp/authzen-mapping.ts'
export { knownNames } from './mcp/known-names.ts'
export { planMcpImport } from './mcp/plan-mcp-import.ts'
export { planMcpImportInWorker } from './mcp/plan-mcp-import-in-worker.ts'
export { letServerAsk, setShown, trustMappings } from './mcp/server-settings.ts'
export { bundleDocument } from './openapi/bundle.ts'
export { isPaging } from './paging.ts'
export {
  checkAddress,
  type ImportOptions,
  type ImportPlan,
  type KnownOperation,
} from './plan-resource.ts'
export { setPreview } from './previews.ts'
export { renameAction } from './rename-action.ts'
export { acceptOffers, rejectOffers } from './review/accept-offers.ts'
export { differences } from './review/differences.ts'
export { type DefinitionNotice, noticeOffered } from './review/notice.ts'
export type { Offer } from './review/offer.ts'
export { countWaitingOffers, selectOffers as listOffers } from './review/offer-store.ts'
export { setTokens } from './set-tokens.ts'
export {
  removeResource,
  resumeResource,
  setConnection,
  suspendResource,
} from './suspend-resource.ts'
