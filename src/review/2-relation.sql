-- Version 2 of the decisions: what the finding claimed then, `copy`, `excerpt`, `contains`, `layered`, `stem` or
-- `shared_material`; empty of a claim that nobody heard, and of decisions of before.
ALTER TABLE decisions ADD COLUMN relation TEXT NOT NULL DEFAULT '';
