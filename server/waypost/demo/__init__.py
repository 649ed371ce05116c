"""The demo account's material: a fictional mail firm, its staff, and real support conversations and mails to fill it.

Here is only what is said and by whom; how it gets into an account is the seeding's business.
"""
