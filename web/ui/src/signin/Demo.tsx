import { useState } from 'react'
import { useNavigate } from 'react-router'
import { api, bodyOf, CopyLine, ProblemPanel, type Me, type Wire } from '#frame'
import { DESKS, homeOf } from '../app/desks'
import classes from './SignIn.module.css'

interface DemoProps {
  demo: Wire<'DemoView'>
  onSignedIn: (me: Me) => void
}

/** Each desk with one click, and how to come by SSH. */
export function Demo({ demo, onSignedIn }: DemoProps) {
  const navigate = useNavigate()
  const [entering, setEntering] = useState<string | null>(null)
  const [problem, setProblem] = useState<unknown>(null)

  const enter = async (login: string): Promise<void> => {
    setEntering(login)
    setProblem(null)
    try {
      const me = await bodyOf(api.POST('/api/demo/sign-in', { body: { login } }))
      await navigate(homeOf(me), { replace: true })
      onSignedIn(me)
    } catch (error) {
      setProblem(error)
      setEntering(null)
    }
  }

  return (
    <section className={classes.demo} aria-label="The demo">
      <h2 className={classes.heading}>Take a seat at a desk</h2>
      {demo.note && <p className={classes.note}>{demo.note}</p>}
      <ul className={classes.desks}>
        {demo.desks.map(({ login, name, desk, words }) => (
          <li key={login}>
            <button type="button" className={classes.seat} disabled={entering !== null} onClick={() => void enter(login)}>
              <span className={classes.desk}>{deskLabel(desk)}</span>
              <span className={classes.who}>{name}</span>
              <span className={classes.words}>{words}</span>
            </button>
          </li>
        ))}
      </ul>
      {problem !== null && <ProblemPanel error={problem} />}
      {demo.ssh.length > 0 && (
        <>
          <h2 className={classes.heading}>Or come as a technician, from a terminal</h2>
          <div className={classes.lines}>
            {demo.ssh.map((line) => (
              <CopyLine key={line} text={line} label="SSH line" />
            ))}
          </div>
        </>
      )}
    </section>
  )
}

function deskLabel(id: string): string {
  return DESKS.find((desk) => desk.id === id)?.label ?? id
}
