import { Link } from 'react-router'
import { AccountMenu } from './AccountMenu'
import { Clock } from './Clock'
import classes from './Header.module.css'
import { LiveMark } from './LiveMark'
import { Mark } from './Mark'
import { SchemeSwitch } from './SchemeSwitch'

interface HeaderProps {
  isNavOpen: boolean
  onToggleNav: () => void
}

export function Header({ isNavOpen, onToggleNav }: HeaderProps) {
  return (
    <header className={classes.head}>
      <button
        type="button"
        className={classes.burger}
        aria-expanded={isNavOpen}
        aria-controls="desks"
        aria-label="Desks"
        onClick={onToggleNav}
      >
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
          <path
            d={isNavOpen ? 'M5 5l10 10M15 5L5 15' : 'M3 6h14M3 10h14M3 14h14'}
            stroke="currentColor"
            strokeWidth="1.75"
            strokeLinecap="round"
          />
        </svg>
      </button>
      <Link className={classes.brand} to="/">
        <Mark />
        <span>Chaperone</span>
      </Link>
      <div className={classes.space} />
      <LiveMark />
      <Clock />
      <SchemeSwitch />
      <AccountMenu />
    </header>
  )
}
