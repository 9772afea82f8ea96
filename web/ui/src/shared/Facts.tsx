import type { ReactNode } from 'react'
import classes from './Facts.module.css'

/** A fact's name and its value; a value of `null` or `false` leaves the fact out. */
export type Fact = readonly [name: string, value: ReactNode]

/** Facts in two columns. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts
        .filter(([, value]) => value !== null && value !== false && value !== undefined && value !== '')
        .map(([name, value]) => (
          <div className={classes.fact} key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
