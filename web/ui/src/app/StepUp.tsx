import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { onStepUp } from '../api/transport'

const StepUpDialog = lazy(async () => ({ default: (await import('./StepUpDialog')).StepUpDialog }))

/** Asks for a fresh code when the gate wants one for an act; the act then goes on by itself. */
export function StepUp() {
  const [isOpen, setOpen] = useState(false)
  const settle = useRef<((isProven: boolean) => void) | null>(null)

  useEffect(() => {
    onStepUp(
      () =>
        new Promise((resolve) => {
          settle.current = resolve
          setOpen(true)
        }),
    )
  }, [])

  const close = (isProven: boolean): void => {
    setOpen(false)
    settle.current?.(isProven)
    settle.current = null
  }

  if (!isOpen) return null
  return (
    <Suspense fallback={null}>
      <StepUpDialog onProven={() => close(true)} onBack={() => close(false)} />
    </Suspense>
  )
}
