"""Content from outside, for browsers that hold nothing but a signed link: files, single messages, remote pictures, and
the page on which customers rate an answer. No cookie is read or set here."""
