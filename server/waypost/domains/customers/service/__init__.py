"""The verbs of customers: who may, what must hold, what is written, what is said to have happened."""
