-- 1: not below a folder that is looked at now; kept, and added to nothing.
ALTER TABLE file ADD COLUMN outside INTEGER NOT NULL DEFAULT 0
