-- Objections about several records that are decided together, because somebody
-- said so and why.

ALTER TABLE objection ADD COLUMN together text COLLATE "C";
ALTER TABLE objection ADD COLUMN together_note text NOT NULL DEFAULT '';
CREATE INDEX objection_together ON objection (together) WHERE together IS NOT NULL;
COMMENT ON COLUMN objection.together IS 'Another one of the same subject, about other records, with which this one is decided; null: it stands alone.';
COMMENT ON COLUMN objection.together_note IS 'Why they are decided together, as the subject is told.';
