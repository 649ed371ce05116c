"""All SQL of customers. Rows in, models out; no rules and no rights here."""
