/** Sponsor grants: which agents may open tasks with no person present, for what, when and how often. */
export { endSponsorship } from './end-sponsorship.ts'
export { answersFor, grantSponsorship, sponsorOnce } from './grant-sponsorship.ts'
export { allowsAt, scheduleInWords } from './schedule.ts'
export { findSponsorGrantFor, type ShownSponsorship, showSponsorships } from './show-sponsorship.ts'
export { grantInForce, type Rate, type SponsorGrant } from './sponsor-grant.ts'
export {
  findSponsorGrant,
  holdGrantSteps,
  listSponsorGrants,
} from './sponsor-grant-store.ts'
