/** HTTP transactions of a visit: what the pages read of them, and how a row says it. */
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { apiGet, type Wire } from '#frame'
import { gateFetch } from '../../api/transport'
import { bytesWords } from '../player/timeline'

export type Transaction = Wire<'TransactionView'>
export type TransactionOpened = Wire<'TransactionOpened'>
export type TransactionFile = Wire<'TransactionFile'>
type Transactions = Wire<'TransactionsView'>

/** Rows of a page of the table. */
const A_PAGE = 200
/** More of a body than this is not shown; a copy of the recording has all of it. */
export const MOST_SHOWN = 4 << 20

/** The table, page by page. Fetched once: looking is a fact, and a recording that is over does not change. */
export function useTransactions(session: string, sought: string) {
  return useInfiniteQuery({
    queryKey: ['recording', session, 'transactions', sought],
    queryFn: ({ signal, pageParam }) =>
      apiGet<Transactions>(`/api/recordings/${session}/transactions?${pageQuery(sought, pageParam)}`, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  })
}

function pageQuery(sought: string, after: number | null): string {
  const query = new URLSearchParams({ limit: String(A_PAGE) })
  if (sought !== '') query.set('q', sought)
  if (after !== null) query.set('after', String(after))
  return query.toString()
}

export function useTransaction(session: string, place: number) {
  return useQuery({
    queryKey: ['recording', session, 'transaction', place],
    queryFn: ({ signal }) => apiGet<TransactionOpened>(`/api/recordings/${session}/transactions/${place}`, signal),
    staleTime: Infinity,
  })
}

export type BodyOf = 'request' | 'response'

/** A body's bytes, as far as they are shown. */
export function useBody(session: string, place: number, of: BodyOf, isWanted: boolean) {
  return useQuery({
    enabled: isWanted,
    queryKey: ['recording', session, 'body', place, of],
    queryFn: async ({ signal }) => {
      const path = `/api/recordings/${session}/transactions/${place}/body?of=${of}&most=${MOST_SHOWN}`
      const answer = await gateFetch(new Request(path, { signal }))
      return new Uint8Array(await answer.arrayBuffer())
    },
    staleTime: Infinity,
    gcTime: 60_000,
  })
}

/** `12 ms`, `3.4 s`, `2 min 5 s`. */
export function tookWords(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return 'not over'
  if (ms < 1000) return `${ms} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`
}

/** What of a URL tells rows apart: its path and query; and its host, where that is another than most. */
export function urlParts(url: string): { host: string; path: string } {
  const found = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/i.exec(url)
  if (!found) return { host: '', path: url }
  return { host: found[1] ?? '', path: found[2] === '' ? '/' : (found[2] ?? '/') }
}

/** `200`, or why there is none. */
export function statusWords({ status, outcome }: Pick<Transaction, 'status' | 'outcome'>): string {
  if (status !== null && status !== undefined) return String(status)
  return outcome === 'unfinished' ? 'no answer yet' : 'no answer'
}

export type StatusTone = 'good' | 'info' | 'warn' | 'bad'

/** How a row's status is coloured; the number says it too. */
export function statusTone({ status }: Pick<Transaction, 'status'>): StatusTone {
  if (status === null || status === undefined || status >= 500) return 'bad'
  if (status >= 400) return 'warn'
  return status >= 300 ? 'info' : 'good'
}

const OUTCOMES: Record<string, string> = {
  aborted: 'broken off by its client',
  broken: 'broken off by the server',
  cut: 'cut by the gate',
  unfinished: 'its end was not recorded',
}

/** What there is to know of a row besides its columns. */
export function notesOf(row: Transaction): string[] {
  const notes = row.files.map(fileWords)
  if (row.upgraded) notes.push(`went on as ${row.upgraded}`)
  if (row.credential) notes.push(`the gate put in the credential ${row.credential}, which is not recorded`)
  if (row.gate !== null && row.gate !== undefined) notes.push(gateWords(row.gate))
  if (OUTCOMES[row.outcome]) notes.push(OUTCOMES[row.outcome] ?? '')
  if (!row.whole) notes.push('larger than what is kept: only its beginning, its length and its hash were recorded')
  return notes
}

/** Who answered, where it was not the server. */
export function gateWords(why: string): string {
  return why === '' ? 'answered by the gate, not by the server' : `answered by the gate, not by the server: ${why}`
}

/** `upload pump.bin, 1.2 MB`; and where it could not be opened within bounds, that it is as it passed. */
export function fileWords({ direction, name, bytes, coding }: TransactionFile): string {
  const asItPassed = coding ? `, as it passed, under the content coding ${coding}` : ''
  return `${direction} ${name}, ${bytesWords(bytes)}${asItPassed}`
}

/** The first digits of a hash; the whole stands where the row is opened. */
export function shortHash(hash: string | null | undefined): string {
  return hash ? hash.slice(0, 12) : ''
}
