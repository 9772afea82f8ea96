import { DAYS, hourWords, shade, usualWords, weekGrid } from './histogram'
import classes from './HourOfWeek.module.css'

interface HourOfWeekProps {
  counts: readonly number[]
  /** The hour of the week of what is being judged. */
  hour: number
}

/** When this vendor usually visits this server; the alert's own hour is framed, and said in words. */
export function HourOfWeek({ counts, hour }: HourOfWeekProps) {
  const busiest = Math.max(0, ...counts)
  return (
    <figure className={classes.figure}>
      <div className={classes.grid} aria-hidden="true">
        {weekGrid(counts).map((hours, day) => (
          <div key={DAYS[day]} className={classes.day}>
            <span className={classes.name}>{DAYS[day]}</span>
            {hours.map((count, inDay) => {
              const ofWeek = day * 24 + inDay
              return (
                <span
                  key={ofWeek}
                  className={classes.cell}
                  data-shade={shade(count, busiest)}
                  data-now={ofWeek === hour || undefined}
                  title={`${hourWords(ofWeek)}: ${count}`}
                />
              )
            })}
          </div>
        ))}
        <div className={classes.hours}>
          {['00', '06', '12', '18', '24'].map((label) => (
            <span key={label}>{label}</span>
          ))}
        </div>
      </div>
      <figcaption className={classes.words}>{usualWords(counts, hour)}</figcaption>
    </figure>
  )
}
