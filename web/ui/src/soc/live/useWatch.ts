import { useEffect, useState, useSyncExternalStore } from 'react'
import { NOTHING_WATCHED, Watch, type WatchState } from './watch'

/** Watches a visit for as long as the page is open. */
export function useWatch(session: string): [Watch | null, WatchState] {
  const [watch, setWatch] = useState<Watch | null>(null)
  useEffect(() => {
    const started = new Watch(new EventSource(`/api/sessions/${session}/watch`))
    setWatch(started)
    return () => started.close()
  }, [session])
  const state = useSyncExternalStore(watch?.subscribe ?? noSubscription, () => watch?.state ?? NOTHING_WATCHED)
  return [watch, state]
}

function noSubscription(): () => void {
  return () => undefined
}
