// `clients.mjs audits|apollo|urql URL`: uses the API at URL as people do who set nothing but its address. Prints JSON.
import { createHash } from 'node:crypto'
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { CombinedGraphQLErrors } from '@apollo/client/errors'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { Client, fetchExchange } from '@urql/core'
import { persistedExchange } from '@urql/exchange-persisted'
import { auditServer } from 'graphql-http'

const [, , what, url] = process.argv
const QUERY = 'query Order($id: ID!) { order(id: $id) { id total } }'
const REFUND =
  'mutation Refund($amount: Float!) { refund(order: "7", amount: $amount) { id total } }'
const WRONG = 'query Wrong { order(id: 7) { nothing } }'
const sha256 = (text) => createHash('sha256').update(text).digest('hex')

async function audits() {
  const results = await auditServer({ url })
  return Object.fromEntries(results.map(({ id, name, status }) => [id, `${status} ${name}`]))
}

/** Data of an answer of Apollo without the names of types that its cache asks for. */
const plain = (data) =>
  JSON.parse(JSON.stringify(data, (name, value) => (name === '__typename' ? undefined : value)))

async function withApollo(link) {
  const client = new ApolloClient({ link, cache: new InMemoryCache() })
  const { data: read } = await client.query({ query: gql(QUERY), variables: { id: 7 } })
  const { data: wrote } = await client.mutate({ mutation: gql(REFUND), variables: { amount: 3 } })
  const wrong = await client.query({ query: gql(WRONG) }).catch((error) => error)
  return [plain(read), plain(wrote), CombinedGraphQLErrors.is(wrong) ? 'told' : String(wrong)]
}

async function apollo() {
  const http = () => new HttpLink({ uri: url })
  const hashed = ApolloLink.from([new PersistedQueryLink({ sha256 }), http()])
  return [await withApollo(http()), await withApollo(hashed)]
}

async function withUrql(exchanges, options = {}) {
  const client = new Client({ url, exchanges, ...options })
  const read = await client.query(QUERY, { id: 7 }).toPromise()
  const wrote = await client.mutation(REFUND, { amount: 3 }).toPromise()
  const { error } = await client.query(WRONG, {}).toPromise()
  const told = error?.graphQLErrors.length > 0 && !error.networkError
  return [read.data, wrote.data, told ? 'told' : String(error), read.error ?? wrote.error ?? null]
}

const urql = async () => [
  await withUrql([fetchExchange]),
  await withUrql([persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange]),
  await withUrql([fetchExchange], { preferGetMethod: false }),
]

console.log(JSON.stringify(await { audits, apollo, urql }[what]()))
process.exit(0)
