import { useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { Link } from 'react-router'
import { api } from '../api/client'
import { ME, useMe } from '../api/me'
import { carryCsrf } from '../api/transport'
import classes from './AccountMenu.module.css'
import frame from './Header.module.css'

/** Who is at the desk; keys, and the way out. */
export function AccountMenu() {
  const { person } = useMe()
  const signOut = useSignOut()
  const menu = useRef<HTMLDivElement>(null)
  return (
    <>
      <button type="button" className={frame.quiet} popoverTarget="account">
        <span className={frame.initials} aria-hidden="true">
          {initials(person.name)}
        </span>
        <span className={frame.name}>{person.name}</span>
      </button>
      <div className={classes.menu} id="account" popover="auto" ref={menu}>
        <p className={classes.who}>
          {person.login}
          {person.vendor && `, ${person.vendor}`}
        </p>
        <Link className={classes.item} to="/account" onClick={() => menu.current?.hidePopover()}>
          My keys and roles
        </Link>
        <button type="button" className={classes.item} onClick={() => void signOut()}>
          Sign out
        </button>
      </div>
    </>
  )
}

function useSignOut(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    try {
      await api.POST('/api/sign-out', { body: {} })
    } finally {
      carryCsrf(null)
      // Not `clear`: who is signed in would be forgotten without a word to the page.
      queries.setQueryData(ME, null)
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] })
    }
  }
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean)
  return [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => word?.charAt(0) ?? '').join('')
}
