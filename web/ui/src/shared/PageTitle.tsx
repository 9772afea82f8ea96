import { useEffect, type ReactNode } from 'react'
import { Link } from 'react-router'
import classes from './PageTitle.module.css'

interface PageTitleProps {
  title: string
  /** One line below the title. */
  words?: ReactNode
  /** Beside the title: a sum, a state. */
  aside?: ReactNode
  /** On the right: what one can do on the page. */
  actions?: ReactNode
  /** Where the page belongs. */
  up?: { to: string; label: string }
  /** The title is spoken and in the tab, but not drawn. */
  isHidden?: boolean
}

/** The page's heading; also names the tab. */
export function PageTitle({ title, words, aside, actions, up, isHidden = false }: PageTitleProps) {
  useEffect(() => {
    document.title = `${title} · Chaperone`
  }, [title])
  if (isHidden) return <h1 className="spoken">{title}</h1>
  return (
    <header className={classes.head}>
      <div className={classes.words}>
        {up && (
          <Link className={classes.up} to={up.to}>
            <span aria-hidden="true">‹ </span>
            {up.label}
          </Link>
        )}
        <div className={classes.line}>
          <h1 className={classes.title}>{title}</h1>
          {aside && <div className={classes.aside}>{aside}</div>}
        </div>
        {words && <p className={classes.sub}>{words}</p>}
      </div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </header>
  )
}
