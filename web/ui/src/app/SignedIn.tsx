import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { listen } from '../api/live'
import { ME, MeContext, useSignedIn } from '../api/me'
import { carryCsrf, onSignedOut } from '../api/transport'
import { ProblemPanel } from '../shared/ProblemPanel'
import { Shell } from './Shell'
import { StepUp } from './StepUp'

const SignInPage = lazy(async () => ({ default: (await import('../signin/SignInPage')).SignInPage }))

/** The desks for who is signed in; else the page to sign in, at the same address, so that links survive it. */
export function SignedIn() {
  const queries = useQueryClient()
  const signedIn = useSignedIn()
  const person = signedIn.data?.person.id

  useEffect(() => {
    onSignedOut(() => {
      carryCsrf(null)
      queries.setQueryData(ME, null)
    })
  }, [queries])

  useEffect(() => (person === undefined ? undefined : listen(queries)), [person, queries])

  if (signedIn.error) return <ProblemPanel error={signedIn.error} onRetry={() => void signedIn.refetch()} />
  if (signedIn.data === undefined) return null
  if (signedIn.data === null) {
    return (
      <Suspense fallback={null}>
        <SignInPage />
      </Suspense>
    )
  }
  return (
    <MeContext value={signedIn.data}>
      <Shell />
      <StepUp />
    </MeContext>
  )
}
