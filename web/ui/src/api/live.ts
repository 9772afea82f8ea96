/** Live updates: the gate names the topics that changed, and what is shown of them is read again. */
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'

export const TOPICS = [
  'windows',
  'sessions',
  'alerts',
  'people',
  'vendors',
  'targets',
  'freezes',
  'keeping',
  'destinations',
] as const

export type Topic = (typeof TOPICS)[number]

/** `live` hears changes; `connecting` has not heard yet; `cut` heard before and does not now. */
export type Liveness = 'connecting' | 'live' | 'cut'

/** The known topics of one `changed` event. What cannot be read counts as everything. */
export function topicsOf(data: string): readonly Topic[] {
  try {
    const { topics } = JSON.parse(data) as { topics?: unknown }
    if (Array.isArray(topics)) return TOPICS.filter((topic) => topics.includes(topic))
  } catch {
    // Falls through: better to read too much again than to show what is no longer so.
  }
  return TOPICS
}

interface Keyed {
  queryKey: readonly unknown[]
  meta?: Record<string, unknown> | undefined
}

/** Whether a query shows something of the topics: by the first part of its key, or by `meta.topics`. */
export function shows(query: Keyed, topics: readonly Topic[]): boolean {
  const also = Array.isArray(query.meta?.topics) ? (query.meta.topics as unknown[]) : []
  return topics.some((topic) => query.queryKey[0] === topic || also.includes(topic))
}

const listeners = new Set<() => void>()
let liveness: Liveness = 'connecting'

function become(next: Liveness): void {
  if (next === liveness) return
  liveness = next
  for (const listener of listeners) listener()
}

/** Listens until the returned function is called. The browser reconnects by itself; a refused stream is tried again. */
export function listen(queries: QueryClient): () => void {
  let source: EventSource | null = null
  let retry: ReturnType<typeof setTimeout> | undefined

  const open = (): void => {
    source = new EventSource('/api/events')
    source.addEventListener('open', () => become('live'))
    source.addEventListener('changed', (event: MessageEvent<string>) => {
      become('live')
      const topics = topicsOf(event.data)
      void queries.invalidateQueries({ predicate: (query) => shows(query, topics) })
    })
    source.addEventListener('error', () => {
      become('cut')
      if (source?.readyState !== EventSource.CLOSED) return
      retry = setTimeout(open, RETRY_MS)
    })
  }

  open()
  return () => {
    clearTimeout(retry)
    source?.close()
    become('connecting')
  }
}

const RETRY_MS = 3_000

export function useLiveness(): Liveness {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => liveness,
  )
}
