export { acceptRisks, setRisk, setSentence, templateDigest } from './change-action.ts'
export { definitionDigest } from './definition.ts'
export { setDisplay } from './displays.ts'
export { applyImport, previewImport } from './import/apply-import.ts'
export { planImportInWorker } from './import/plan-import-in-worker.ts'
export type { DocumentImporter, Importer, ServerImporter } from './importer.ts'
export { setMark } from './marks.ts'
export { authzenMapping } from './mcp/authzen-mapping.ts'
export { knownNames } from './mcp/known-names.ts'
export { NamedActions, pinned, planMcpImport } from './mcp/plan-mcp-import.ts'
export { planMcpImportInWorker } from './mcp/plan-mcp-import-in-worker.ts'
export { review } from './mcp/reviewed.ts'
export { firstSentence, proposedSentence } from './mcp/sentence.ts'
export { letServerAsk, setShown, trustMappings } from './mcp/server-settings.ts'
export { actionOf, type NamedTool, type ReadAction } from './mcp/tool.ts'
export { kebab } from './mcp/wire-names.ts'
export { bundleDocument } from './openapi/bundle.ts'
export { type PackedPlan, packPlan, unpackPlan } from './packed-plan.ts'
export { isPaging } from './paging.ts'
export {
  checkAddress,
  type ImportOptions,
  type ImportPlan,
  type KnownOperation,
  planResource,
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
