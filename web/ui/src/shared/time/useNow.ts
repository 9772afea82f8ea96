import { useEffect, useState } from 'react'

/** The present instant in milliseconds, read again on every whole multiple of `everyMs`. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>
    const next = (): void => {
      timer = setTimeout(
        () => {
          setNow(Date.now())
          next()
        },
        everyMs - (Date.now() % everyMs),
      )
    }
    next()
    return () => clearTimeout(timer)
  }, [everyMs])
  return now
}
