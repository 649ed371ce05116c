"""The pages of the desk itself: signing in, profile, consent to applications, the API explorer. HTML only."""
