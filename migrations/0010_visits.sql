-- Which visit a session is a part of: its own id, or, where somebody came back after their connection was lost, the id of
-- the visit's first session. Older rows have none: each was a visit of its own.
ALTER TABLE sessions ADD COLUMN visit_id UUID;
CREATE INDEX sessions_by_visit ON sessions (visit_id, admitted_us) WHERE visit_id IS NOT NULL;
