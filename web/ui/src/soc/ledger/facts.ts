/** By what facts are found. */
import { filterQuery, NO_FILTER } from '../visits/filter'

export interface FactFilter {
  kind: string
  person: string
  target: string
  from: string
  to: string
}

export const NO_FACTS: FactFilter = { kind: '', person: '', target: '', from: '', to: '' }
export const FACTS_A_PAGE = 100

/** The query of `GET /api/ledger/facts`, from a number on. */
export function factsQuery({ kind, ...filter }: FactFilter, after: number): string {
  const query = new URLSearchParams(filterQuery({ ...NO_FILTER, ...filter }))
  query.set('limit', String(FACTS_A_PAGE))
  query.set('after', String(after))
  if (kind !== '') query.set('kind', kind)
  return query.toString()
}
