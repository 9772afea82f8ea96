import type { Wire } from '#frame'
import { filterQuery, type VisitFilter } from './filter'

export type SearchHit = Wire<'SearchHit'>

export const MOST_HITS = 200

/** The query of `GET /api/search`: what the visits are narrowed by, as far as a search knows it. */
export function searchQuery(filter: VisitFilter): string {
  const narrowed = new URLSearchParams(filterQuery(filter))
  const query = new URLSearchParams({ q: filter.text, limit: String(MOST_HITS) })
  for (const name of ['person', 'target', 'from', 'to']) {
    const value = narrowed.get(name)
    if (value !== null) query.set(name, value)
  }
  if (filter.why !== '') query.set('reason', filter.why)
  return query.toString()
}

/** The replay at the second of a hit, on its channel. */
export function hitPath({ link, channel }: Pick<SearchHit, 'link' | 'channel'>): string {
  return `${link}${link.includes('?') ? '&' : '?'}channel=${channel}`
}

const SEEN: Record<string, string> = {
  screen: 'on the screen',
  command: 'a command that was sent',
  'command-guess': 'a hint: it looks like a command',
  file: 'a file that was transferred',
  http: 'a web request',
}

/** Where a line was seen. */
export function seenWords(seen: string): string {
  return SEEN[seen] ?? seen
}
