// Run once after the sample world: what AuthZEN's and MCP's benchmarks put into it, by their own seeds, one after the other.
// `node bench/gate/seed.ts SECRETS SERVERS`: the file for the secrets, and where the MCP servers are.
const [secrets = '', servers = ''] = process.argv.splice(2)

process.argv.push(secrets)
await import('../authzen/seed.ts')
process.argv.splice(2, 1, servers, servers)
await import('../gateway/mcp/seed.ts')
