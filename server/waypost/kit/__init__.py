"""Parts without a word of the help desk in them: database, transactions, errors, events, clock, paging, files."""
