-- What a bundle about a window begins with: the first fact of the window.
CREATE INDEX facts_by_window ON facts (window_id, number);
