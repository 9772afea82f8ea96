import { Skeleton } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import classes from './Loading.module.css'

/** Answers sooner than this are shown without anything in between. */
const PATIENCE_MS = 200

/** What stands for content on its way: nothing at first, then grey lines. */
export function Loading({ lines = 4 }: { lines?: number }) {
  return (
    <Later>
      <div className={classes.lines} role="status" aria-label="Loading">
        {Array.from({ length: lines }, (_, line) => (
          <Skeleton key={line} height={line === 0 ? 28 : 56} width={line === 0 ? '32%' : '100%'} radius="sm" />
        ))}
      </div>
    </Later>
  )
}

function Later({ children }: { children: ReactNode }) {
  const [isDue, setDue] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [])
  return isDue ? children : null
}
