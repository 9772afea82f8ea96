import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api, bodyOf, ProblemPanel, type Me } from '#frame'
import classes from './SignIn.module.css'

/** Name, password and code at once: a wrong one is not told from another. */
export function SignInForm({ onSignedIn }: { onSignedIn: (me: Me) => void }) {
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [isAsking, setAsking] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)

  const signIn = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setAsking(true)
    setProblem(null)
    try {
      onSignedIn(await bodyOf(api.POST('/api/sign-in', { body: { login: login.trim(), password, code: code.trim() } })))
    } catch (error) {
      setProblem(error)
      setCode('')
      setAsking(false)
    }
  }

  return (
    <form className={classes.form} onSubmit={(event) => void signIn(event)}>
      <h2 className={classes.heading}>Sign in</h2>
      <TextInput
        label="Sign-in name"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        withAsterisk={false}
        value={login}
        onChange={(event) => setLogin(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <TextInput
        label="Code"
        description="Six digits from your authenticator, or a recovery code."
        autoComplete="one-time-code"
        required
        withAsterisk={false}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      {problem !== null && <ProblemPanel error={problem} />}
      <Button type="submit" fullWidth loading={isAsking}>
        Sign in
      </Button>
    </form>
  )
}
