-- What a tenant has set for the dialects that it speaks: JSON, by the dialect's name; empty where it has set nothing.
ALTER TABLE tenant ADD COLUMN configured text NOT NULL DEFAULT '';
