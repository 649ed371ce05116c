"""The public pages of help centers: home, collections, categories, articles and what belongs to them, as HTML on the
hosts of their sites (spec: docs-api 11). No API and no page of the desk is on those hosts."""
