export { Answers } from './answers.ts'
export {
  ACTION_GROUPS,
  actionsOfRequests,
  detailsForScope,
  expandGroups,
  groupsOf,
} from './authority.ts'
export { Catalog, type CatalogView, kindAt } from './catalog.ts'
export {
  changeAction,
  changeResource,
  identifierOwner,
  prepareActions,
  replaceActions,
  selectActions as listActions,
  selectResource as findResource,
  selectResources as listResources,
  writeAction,
  writeResource,
} from './catalog-store.ts'
export { changeCatalog, RULES, rulesEpoch } from './change-catalog.ts'
export {
  currencyByDefault,
  displayAmount,
  displayedLimit,
  displayMistake,
  readDisplay,
} from './display.ts'
export { givenNames, NamedActions, shownName } from './named-actions.ts'
export type { CatalogParts } from './parts.ts'
export {
  type Action,
  countedAccess,
  countedRisk,
  hasCapability,
  isRisk,
  type MappedClaim,
  movesTo,
  type PinnedDefinition,
  type PlannedResource,
  type Resource,
  type ServerCapability,
} from './resource.ts'
export { Routes } from './routes.ts'
export { argumentsInSentence, checkSentence, defaultSentence, renderSentence } from './sentence.ts'
