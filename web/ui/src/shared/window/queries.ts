import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Wire } from '../../api/client'

export type WindowView = Wire<'WindowView'>

/** Every window that the person may know of. */
export function windowsQuery() {
  return queryOptions({
    queryKey: ['windows', 'list'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/windows', { signal })),
  })
}

export function windowQuery(id: string) {
  return queryOptions({
    queryKey: ['windows', 'one', id],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/windows/{window}', { params: { path: { window: id } }, signal })),
  })
}

/** The files that were sent ahead for it. */
export function sentFilesQuery(id: string) {
  return queryOptions({
    queryKey: ['windows', 'files', id],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/api/windows/{window}/files', { params: { path: { window: id } }, signal })),
  })
}

/** The server's card and the day's other plans, for who decides. */
export function windowCardQuery(id: string) {
  return queryOptions({
    queryKey: ['windows', 'card', id],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/windows/{window}/card', { params: { path: { window: id } }, signal })),
    meta: { topics: ['targets', 'freezes'] },
  })
}

/** The lines with which the technician connects. */
export function connectQuery(id: string) {
  return queryOptions({
    queryKey: ['windows', 'connect', id],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/api/windows/{window}/connect', { params: { path: { window: id } }, signal })),
    meta: { topics: ['targets'] },
  })
}
