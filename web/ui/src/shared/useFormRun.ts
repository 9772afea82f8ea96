import { useState, type FormEvent } from 'react'

interface FormRun {
  submit: (event: FormEvent) => void
  isRunning: boolean
  problem: unknown
}

/** Runs a form's act: one at a time, and keeps what went wrong until the next try. */
export function useFormRun(run: () => Promise<unknown>): FormRun {
  const [isRunning, setRunning] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (isRunning) return
    setRunning(true)
    setProblem(null)
    run()
      .catch((error: unknown) => setProblem(error))
      .finally(() => setRunning(false))
  }
  return { submit, isRunning, problem }
}
