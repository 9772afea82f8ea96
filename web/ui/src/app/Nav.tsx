import { NavLink } from 'react-router'
import { useMe } from '../api/me'
import { useCounts } from './counts'
import { desksOf } from './desks'
import classes from './Nav.module.css'

/** The desks of the person, and their pages. */
export function Nav() {
  const me = useMe()
  const counts = useCounts()
  return (
    <nav className={classes.nav} aria-label="Desks" id="desks">
      {desksOf(me).map((desk) => (
        <div className={classes.desk} key={desk.id}>
          <p className={classes.label} id={`desk-${desk.id}`}>
            {desk.label}
          </p>
          <ul className={classes.pages} aria-labelledby={`desk-${desk.id}`}>
            {desk.pages.map(({ to, label, count }) => (
              <li key={to}>
                <NavLink className={classes.link ?? ''} to={to} end={isFront(to)}>
                  <span className={classes.name}>{label}</span>
                  {count && counts[count] > 0 && <span className={classes.count}>{counts[count]}</span>}
                </NavLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}

/** A desk's front page is an address that those of its other pages begin with. */
function isFront(to: string): boolean {
  return to.split('/').length === 2
}
