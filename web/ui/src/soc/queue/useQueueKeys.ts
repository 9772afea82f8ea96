import { useKeys } from '#frame'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import type { AlertView } from '../wire'
import { cursorIndex } from './order'

interface QueueActs {
  take: (alert: AlertView) => void
  close: (alert: AlertView) => void
}

/** The keyboard's place in the queue, and what the keys do there. */
export function useQueueKeys(alerts: readonly AlertView[], acts: QueueActs) {
  const navigate = useNavigate()
  const [cursor, setCursor] = useState<{ id: string; index: number } | null>(null)
  const index = cursorIndex(
    alerts.map((alert) => alert.id),
    cursor,
  )
  const current = alerts[index]

  const point = (to: number): void => {
    const alert = alerts[to]
    if (alert) setCursor({ id: alert.id, index: to })
  }
  useKeys('Queue', [
    { keys: 'j', words: 'Next alert', run: () => point(Math.min(index + 1, alerts.length - 1)) },
    { keys: 'k', words: 'Alert before', run: () => point(Math.max(index - 1, 0)) },
    { keys: 'o', words: 'Open the alert, as Enter does', run: () => current && void navigate(`/soc/alerts/${current.id}`) },
    { keys: 'a', words: 'Take the alert', run: () => current?.state === 'new' && acts.take(current) },
    { keys: 'c', words: 'Close the alert', run: () => current && current.state !== 'closed' && acts.close(current) },
  ])
  return { index, point }
}
