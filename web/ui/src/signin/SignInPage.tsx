import { useQueryClient } from '@tanstack/react-query'
import { PageTitle } from '#frame'
import { ME, type Me } from '../api/me'
import { carryCsrf } from '../api/transport'
import { Mark } from '../app/Mark'
import { Demo } from './Demo'
import classes from './SignIn.module.css'
import { SignInForm } from './SignInForm'
import { useDemo } from './useDemo'

/** The front page for who is not signed in; the address stays, so that a link leads where it was meant to. */
export function SignInPage() {
  const queries = useQueryClient()
  const demo = useDemo()
  const enter = (me: Me): void => {
    carryCsrf(me.csrf ?? null)
    queries.setQueryData(ME, me)
  }
  if (demo.isPending) return null
  return (
    <main className={classes.page} data-demo={demo.data ? true : undefined}>
      <PageTitle title="Sign in" isHidden />
      <div className={classes.brand}>
        <Mark size={40} />
        <p className={classes.name}>Chaperone</p>
        <p className={classes.claim}>Every vendor visit is chaperoned.</p>
      </div>
      {demo.data && <Demo demo={demo.data} onSignedIn={enter} />}
      <section className={classes.card} aria-label="Sign in">
        <SignInForm onSignedIn={enter} />
      </section>
    </main>
  )
}
