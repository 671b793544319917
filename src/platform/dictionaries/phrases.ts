import { Dictionary } from './dictionary.ts'

// Append only: whatever was stored with a phrase is read with it.

/** Records of the ledger (contract 9). */
export const RECORDS = new Dictionary([
  '{"action":"',
  '{"agent":"',
  '","agent":"',
  '","call_hash":"',
  '","chain":["',
  '"],"commitments":{"arguments":"',
  '","origin":"',
  '"},"decision_id":"dec_',
  '{"decision_id":"dec_',
  '","event_id":"rec_',
  '"],"event_id":"rec_',
  '","outcome":"permit","person":"psn_',
  '","outcome":"permit","reason":"permitted"},{"decision_id":"dec_',
  '","outcome":"answered","time":"20',
  '","outcome":"',
  '","person":"psn_',
  '","policy_version":',
  ',"reason":"permitted","resource":"',
  '","reason":"',
  '","resource":"',
  '","task":"tsk_',
  '","thumbprint":"',
  '","time":"20',
  'Z","token_id":"',
  '","type":"decision.intent","v":1}',
  'Z","type":"decision.outcome","upstream":{"digest":"',
  '","latency_ms":',
  ',"status":200},"v":1}',
  '","type":"token.issued","v":1}',
  'Z","type":"',
])

/** Salts and values behind the commitments of a record. */
export const COMMITTED_VALUES = new Dictionary([
  '{"arguments":{"salt":"',
  '{"origin":{"salt":"',
  '","value":"{\\"',
  '\\"}"},"origin":{"salt":"',
  '"},"origin":{"salt":"',
  '","value":"{\\"ip\\":\\"',
  '\\",\\"user_agent\\":\\"',
  '\\"}"}}',
  '"}}',
  '"},"',
  '.arguments":{"salt":"',
  '":{"salt":"',
  '","value":"',
  '\\":\\"',
  '\\",\\"',
  '\\":',
  ',\\"',
])

/** Inputs of decisions. */
export const DECISION_INPUTS = new Dictionary([
  '{"args":{"',
  '{"args":{},"risk":"low","weighed":"i',
  '},"risk":"low","weighed":"i',
  '"},"risk":"low","weighed":"i',
  '"},"risk":"high","weighed":"i',
  '|n|n||i',
  'velocity,',
  'definition.new',
  '","context":{"task":{"record":{"id":"tsk_',
  '","purpose":"',
  '"}},"origin":{"record":{"ip":"',
  '","user_agent":"',
  '"}}},"authentication":{"ageSeconds":',
  ',"context":{',
  '{"record":{',
  '{"integer":"',
  '{"decimal":"',
  '{"set":[',
  '"}},"',
  '":"',
  '","',
])

/** Explanations of decisions, as they are packed. */
export const EXPLANATIONS = new Dictionary([
  '{"gates":[],"passed":"c l v p.:',
  '{"gates":[',
  '],"passed":"c l v p.:',
  ' x o b g","weighed":"low|',
  ' x o b g","weighed":"high|',
  '","weighed":"',
  'velocity=',
  'definition.new=',
  '{"detail":"',
  '","gate":"',
  '","passed":false',
  '","passed":true',
])
