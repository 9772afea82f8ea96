/** By what visits are found; the same names in the page's address and in the API. */
export interface VisitFilter {
  state: '' | 'live' | 'ended'
  person: string
  vendor: string
  target: string
  from: string
  to: string
  /** Visits older than this one. */
  before: string
  /** Words on the screen: then lines are found, not visits. */
  text: string
  /** Why they are searched for. */
  why: string
}

export const NO_FILTER: VisitFilter = {
  state: '',
  person: '',
  vendor: '',
  target: '',
  from: '',
  to: '',
  before: '',
  text: '',
  why: '',
}

const NAMES = Object.keys(NO_FILTER) as (keyof VisitFilter)[]
export const VISITS_A_PAGE = 100

/** Reads the address of the page; what it does not know it leaves out. */
export function filterFromAddress(address: URLSearchParams): VisitFilter {
  const state = address.get('state')
  const filter = { ...NO_FILTER }
  for (const name of NAMES) {
    if (name !== 'state') filter[name] = address.get(name)?.trim() ?? ''
  }
  return { ...filter, state: state === 'live' || state === 'ended' ? state : '' }
}

export function filterAddress(filter: VisitFilter): URLSearchParams {
  const address = new URLSearchParams()
  for (const name of NAMES) {
    if (filter[name] !== '') address.set(name, filter[name])
  }
  return address
}

/** The query of `GET /api/sessions`: days as the instants at which they begin and end, in the reader's zone. */
export function filterQuery(filter: VisitFilter): string {
  const query = filterAddress({ ...filter, text: '', why: '' })
  query.set('limit', String(VISITS_A_PAGE))
  const from = dayBegin(filter.from, 0)
  const to = dayBegin(filter.to, 1)
  if (from) query.set('from', from)
  else query.delete('from')
  if (to) query.set('to', to)
  else query.delete('to')
  return query.toString()
}

function dayBegin(day: string, daysLater: number): string | null {
  const [year, month, date] = day.split('-').map(Number)
  if (!year || !month || !date) return null
  const instant = new Date(year, month - 1, date + daysLater)
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString()
}

export function isFiltered(filter: VisitFilter): boolean {
  return NAMES.some((name) => name !== 'before' && name !== 'why' && filter[name] !== '')
}
