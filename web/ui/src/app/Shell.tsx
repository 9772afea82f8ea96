import { useDisclosure } from '@mantine/hooks'
import { Suspense, useEffect } from 'react'
import { Outlet, useLocation } from 'react-router'
import { useKeyboard } from '../shared/keys/useKeys'
import { Loading } from '../shared/Loading'
import { FrameKeys } from './FrameKeys'
import { Header } from './Header'
import { LockedBanner } from './LockedBanner'
import { Nav } from './Nav'
import classes from './Shell.module.css'

/** What is around every page: desks on the left, the clock and the person on top. */
export function Shell() {
  useKeyboard()
  const [isNavOpen, nav] = useDisclosure(false)
  const { pathname } = useLocation()
  useEffect(() => nav.close(), [pathname, nav.close])

  return (
    <div className={classes.shell} data-nav-open={isNavOpen || undefined}>
      <a className={classes.skip} href="#page">
        Skip to the page
      </a>
      <Header isNavOpen={isNavOpen} onToggleNav={nav.toggle} />
      <Nav />
      {isNavOpen && <div className={classes.veil} onClick={nav.close} aria-hidden="true" />}
      <main className={classes.page} id="page" tabIndex={-1}>
        <LockedBanner />
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <FrameKeys />
    </div>
  )
}
