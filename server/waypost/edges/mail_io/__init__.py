"""The wire of mail: MIME read and written, mailbox files, SMTP out, and the sink that takes a demo's mail."""
