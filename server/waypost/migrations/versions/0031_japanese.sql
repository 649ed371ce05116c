-- A language that PostgreSQL has no stemmer for, as that of a site: words are found as they were written.
create text search configuration japanese (copy = pg_catalog.simple);
