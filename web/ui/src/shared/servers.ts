import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Wire } from '../api/client'

export type TargetView = Wire<'TargetView'>
export type EndpointView = Wire<'EndpointView'>
export type FreezeView = Wire<'FreezeView'>

export function targetsQuery() {
  return queryOptions({
    queryKey: ['targets', 'list'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/targets', { signal })),
  })
}

export function targetQuery(name: string) {
  return queryOptions({
    queryKey: ['targets', 'one', name],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/targets/{target}', { params: { path: { target: name } }, signal })),
  })
}

export function freezesQuery() {
  return queryOptions({
    queryKey: ['freezes', 'list'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/freezes', { signal })),
  })
}

/** Names that the person may ask a window for. */
export function myServersQuery() {
  return queryOptions({
    queryKey: ['targets', 'mine'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/my/servers', { signal })),
  })
}
