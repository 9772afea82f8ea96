import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Wire } from '../api/client'

export type PersonView = Wire<'PersonView'>
export type VendorView = Wire<'VendorView'>

export function peopleQuery() {
  return queryOptions({
    queryKey: ['people', 'list'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/people', { signal })),
  })
}

export function personQuery(login: string) {
  return queryOptions({
    queryKey: ['people', 'one', login],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/people/{login}', { params: { path: { login } }, signal })),
  })
}

export function vendorsQuery() {
  return queryOptions({
    queryKey: ['vendors', 'list'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/vendors', { signal })),
  })
}
