-- What desks ask for among ten thousand visits and as many alerts: a server's visits by time, with who came; how
-- many visits a window has had; the alerts that are not closed.
CREATE INDEX sessions_by_target ON sessions (target_id, admitted_us, person_id);
CREATE INDEX alerts_by_state ON alerts (state, last_us);
CREATE INDEX sessions_by_window ON sessions (window_id);
