"""Commands of the `waypost` program, one file a subject. Composition only: nothing else imports these."""
